/** A wait as a figure and as a bar: the median with its interval, the 90th percentile, on one scale of hours. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { figure } from "../../core/parts.js";

const TICKS_H = [1 / 60, 1 / 6, 1, 4, 24, 72, 168, 720, 4320];

/** Return the median of a wait with its interval and n, one click from its messages. */
export function hoursFigure(page, t, wait, href) {
  if (wait.n === 0) return html`<span class="hint">${t.notTold}</span>`;
  if (wait.too_few) return figure(page, { value: null, n: wait.n, unit: t.cases, write: String, href });
  if (wait.median_h === null) return unreached(page, t, wait, href);
  const { median_h: value, median_h_low: low, median_h_high: high } = wait;
  const unbounded = high === null && low !== null;
  return html`${figure(page, { value, low: unbounded ? null : low, high, n: wait.n, unit: t.cases, write: page.write.hours, href })}
    ${unbounded ? html`<small>${t.sureAtLeast(page.write.hours(low))}</small>` : nothing}`;
}

/** Fewer than half were served: the least that can be said. */
function unreached(page, t, wait, href) {
  const told = wait.median_h_low === null ? t.notReached : t.atLeast(page.write.hours(wait.median_h_low));
  return html`<a class="figure" href=${href ?? nothing}><span class="support-unreached">${told}</span> <span class="n">${page.write.count(wait.n)} ${t.cases}</span></a>`;
}

/** Return the words for the 90th percentile. */
export function nineWords(page, t, { too_few: isTooFew, p90_h: value, p90_h_low: low }) {
  if (isTooFew) return "";
  if (value !== null) return `${t.nine} ${page.write.hours(value)}`;
  return low === null ? t.nineNot : `${t.nine} ${t.atLeast(page.write.hours(low))}`;
}

/**
 * Return one logarithmic scale for some waits, and the lengths of time worth a mark on it.
 * @param {Array<object>} waits As the API tells them.
 * @returns {{at: (hours: number) => number, ticks: number[]}} `at` gives percent of the width.
 */
export function scaleOf(waits) {
  const told = waits.flatMap((wait) => [wait.median_h, wait.median_h_low, wait.median_h_high, wait.p90_h, wait.p90_h_low, wait.p90_h_high]).filter((hours) => hours > 0);
  const [least, most] = told.length ? [Math.min(...told), Math.max(...told)] : [1, 24];
  const [low, high] = [Math.log(Math.max(least / 1.6, 1 / 120)), Math.log(most * 1.6)];
  const at = (hours) => Math.min(100, Math.max(0, (100 * (Math.log(hours) - low)) / (high - low)));
  return { at: (hours) => (hours > 0 ? Math.round(10 * at(hours)) / 10 : 0), ticks: TICKS_H.filter((tick) => Math.log(tick) > low && Math.log(tick) < high) };
}

/** Return the bar of a wait; it repeats the figures beside it, so nobody has to see it. */
export function hoursBar(wait, scale) {
  if (wait.too_few || wait.n === 0) return nothing;
  const start = wait.median_h === null ? wait.median_h_low : wait.median_h;
  if (start === null) return nothing;
  const end = wait.p90_h === null ? 100 : scale.at(wait.p90_h);
  return html`<span class="hours-bar" dir="ltr" aria-hidden="true">
    ${scale.ticks.map((tick) => html`<span class="hours-tick" .style=${`left:${scale.at(tick)}%`}></span>`)}
    <span class=${wait.p90_h === null ? "hours-span open" : "hours-span"} .style=${`left:${scale.at(start)}%;width:${Math.max(0, end - scale.at(start))}%`}></span>
    ${wait.median_h === null ? nothing : medianOf(wait, scale)}</span>`;
}

function medianOf(wait, scale) {
  const low = scale.at(wait.median_h_low ?? wait.median_h);
  const high = wait.median_h_high === null ? 100 : scale.at(wait.median_h_high);
  return html`<span class="hours-sure" .style=${`left:${low}%;width:${high - low}%`}></span><span class="hours-dot" .style=${`left:${scale.at(wait.median_h)}%`}></span>`;
}

/** Return the scale's marks with their lengths of time. */
export function hoursAxis(page, scale) {
  return html`<span class="hours-axis" dir="ltr" aria-hidden="true">${scale.ticks.map((tick) => html`<span .style=${`left:${scale.at(tick)}%`}><bdi dir="auto">${page.write.hours(tick)}</bdi></span>`)}</span>`;
}
