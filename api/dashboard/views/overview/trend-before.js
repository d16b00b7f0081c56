/** The period before beside the trend: its line lies under the same day numbers, its figures in a column of the table. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { colours } from "../../core/chart.js";
import { choices, netFigure } from "../../core/parts.js";
import { addDays, dayOf, daysBetween, isoOf } from "../../core/periods.js";

const DAY_MS = 86_400_000;

/** Return what turns the comparison on and off; it stands in the address. */
export function compareChoice(page, t) {
  const isOn = isCompared(page);
  return choices(t.compare, [{ name: t.compareBefore, href: page.here({ compare: isOn ? null : "before" }), chosen: isOn }]);
}

function isCompared(page) {
  return page.query.get("compare") === "before";
}

/** Return the trend of the period before, as long as the one at hand; null where it was not asked for. */
export function askBefore(page, bucket) {
  return isCompared(page) ? page.ask("trend", { bucket, ...daysBefore(page) }) : null;
}

function daysBefore(page) {
  const { start, end } = page.period;
  return { from: isoOf(addDays(start, -daysBetween(start, end))), to: isoOf(start) };
}

/**
 * Return for each point of the trend that of the period before with the same day number; null where there is none.
 * @param {Array<object>} points Of the trend.
 * @param {Array<object>} before Of the period before.
 * @param {number} days From one period to the other.
 */
export function aligned(points, before, days) {
  const found = points.map(() => null);
  for (const point of before) {
    const middle = (Date.parse(point.start) + Date.parse(point.end)) / 2 + days * DAY_MS;
    const at = points.findIndex((one) => Date.parse(one.start) <= middle && middle < Date.parse(one.end));
    if (at >= 0 && point.n > (found[at]?.n ?? 0)) found[at] = point;
  }
  return found;
}

/** Return the trend with the period before beside each point, as far as it is known. */
export function withBefore(page, data, asked) {
  if (!asked?.data) return data;
  return { ...data, before: aligned(data.points, asked.data.points, daysBetween(page.period.start, page.period.end)) };
}

/** Return why there is no line of the period before; nothing where there is one, or none was asked for. */
export function beforeNote(t, asked) {
  if (!asked?.data || asked.data.points.some((point) => !point.too_few)) return nothing;
  return html`<p class="hint ov-note">${asked.data.n === 0 ? t.beforeUnknown : t.beforeFew}</p>`;
}

/** Return the dashed line; it answers no click, as the piece of time below it is that of the period at hand. */
export function beforeSeries({ before }) {
  if (!before) return [];
  const data = before.map((point) => (point && !point.too_few ? point.net_sentiment : null));
  return [{ id: "before", type: "line", data, color: colours().soft, lineStyle: { width: 1.75, type: [6, 4] }, symbol: "circle", symbolSize: 4, silent: true, z: 3 }];
}

/** Return its values, which the scale has to hold too. */
export function beforeValues({ before = [] }) {
  return before.filter((point) => point && !point.too_few).map((point) => point.net_sentiment);
}

/** Return its line of what is told at a point. */
export function beforeTip(page, { before }, at) {
  const point = before?.[at];
  if (!point) return [];
  return [[`${page.t.before} (${daysWords(page, point)})`, point.too_few ? page.t.tooFew : page.write.points(point.net_sentiment)]];
}

/** Return the column of the table, whose figures lead to their messages. */
export function beforeColumn(page, { points, before }) {
  if (!before) return [];
  const cell = (point) => {
    const then = before[points.indexOf(point)];
    return then ? html`${netFigure(page, then, page.messages(clipped(page, then)))} <small>${daysWords(page, then)}</small>` : nothing;
  };
  return [{ head: page.t.before, cell, numeric: true }];
}

/** A piece at the edge reaches no further than its period. */
function clipped(page, point) {
  const whole = daysBefore(page);
  const [from, last] = [point.start.slice(0, 10), point.end.slice(0, 10)];
  const to = last > from ? last : isoOf(addDays(dayOf(from), 1));
  return { from: from < whole.from ? whole.from : from, to: to > whole.to ? whole.to : to };
}

function daysWords(page, point) {
  const { from, to } = clipped(page, point);
  const last = isoOf(addDays(dayOf(to), -1));
  return last === from ? page.write.day(from) : `${page.write.dayShort(from)} ${page.t.between} ${page.write.day(last)}`;
}
