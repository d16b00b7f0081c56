/** Plots made of elements: bars, dots and whiskers on a track stay links and text. Numbers run left to right in both languages. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";

const shownAsTable = new Set();

/**
 * Return a scale from numbers to places on a track.
 * @param {Array<number | null | undefined>} values What must fit; empty ones are passed over.
 * @param {{n?: number, from?: number}} options `n`: about how many ticks; `from`: where the track starts at the latest.
 * @returns {{at: (value: number) => number, ticks: number[], low: number, high: number}} `at` in percent of the track.
 */
export function scaleOf(values, { n = 5, from } = {}) {
  const known = [...values, from].filter((value) => Number.isFinite(value));
  const [least, most] = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
  const room = (most - least || 1) * 0.04;
  const low = least === from ? least : least - room;
  const high = most + room;
  const step = stepOf((high - low) / n);
  const ticks = [];
  for (let at = Math.ceil(low / step); at * step <= high; at += 1) ticks.push(at * step);
  return { low, high, ticks, at: (value) => (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low) };
}

function stepOf(rough) {
  const size = 10 ** Math.floor(Math.log10(rough));
  return size * ([1, 2, 5].find((one) => one * size >= rough) ?? 10);
}

/** Return a track with its grid and what lies on it; `counts`: without grid, from where reading begins, as counts are drawn. */
export function track(scale, marks, { counts = false } = {}) {
  if (counts) return html`<span class="track" aria-hidden="true">${marks}</span>`;
  return html`<span class="track" dir="ltr" aria-hidden="true">${scale.ticks.map((value) =>
    html`<i class=${value === 0 ? "tick zero" : "tick"} .style=${`inset-inline-start:${scale.at(value)}%`}></i>`)}${marks}</span>`;
}

/** Return a bar from one number to another, in any order. */
export function fill(scale, from, to, kind = "") {
  const [start, end] = [scale.at(from), scale.at(to)].sort((one, other) => one - other);
  return html`<i class="fill ${kind}" .style=${`inset-inline-start:${start}%;inline-size:${end - start}%`}></i>`;
}

/** Return the whisker of an interval; nothing where there is none. */
export function whisker(scale, low, high, kind = "") {
  if (low === null || low === undefined || high === null || high === undefined) return nothing;
  return html`<i class="whisker ${kind}" .style=${`inset-inline-start:${scale.at(low)}%;inline-size:${scale.at(high) - scale.at(low)}%`}></i>`;
}

/** Return a dot, or with another kind (`line`, `hollow`) another mark, at one number; nothing where there is none. */
export function dot(scale, value, kind = "") {
  if (value === null || value === undefined) return nothing;
  return html`<i class="dot ${kind}" .style=${`inset-inline-start:${scale.at(value)}%`}></i>`;
}

/** Return the numbers under the tracks. */
export function ruler(scale, write) {
  return html`<span class="track ruler" dir="ltr" aria-hidden="true">${scale.ticks.map((value) =>
    html`<b .style=${`inset-inline-start:${scale.at(value)}%`}><bdi>${write(value)}</bdi></b>`)}</span>`;
}

/**
 * Return a plot of elements that can be read as a table instead.
 * @param {{id: string, plot: () => unknown, rows: () => unknown}} both
 */
export function plotOrTable(page, { id, plot, rows }) {
  const isTable = shownAsTable.has(id);
  const turn = () => {
    if (!shownAsTable.delete(id)) shownAsTable.add(id);
    page.actions.redraw();
  };
  return html`<div class="picture"><button type="button" class="turn" aria-pressed=${isTable} @click=${turn}>${isTable ? page.t.asChart : page.t.asTable}</button>
    ${isTable ? rows() : plot()}</div>`;
}
