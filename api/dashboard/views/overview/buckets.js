/** Into which pieces the trend is cut: as fine as the period allows, coarser where most pieces would be too small. */

import { addDays, bucketFor, dayOf, daysBetween, isoOf } from "../../core/periods.js";

const MOST_TOO_FEW = 1 / 4;
const FITTING = { hour: [0, 7], day: [2, 400], week: [14, 1600], month: [45, Infinity] };
const SIZES = Object.keys(FITTING);

/** Return the lengths of pieces that suit a period. */
export function bucketsFor({ start, end }) {
  const days = daysBetween(start, end);
  return SIZES.filter((size) => FITTING[size][0] <= days && days <= FITTING[size][1]);
}

/** Return the trends that may be shown, finest first; one, where the reader chose. */
export function askTrends(page) {
  return wanted(page).map((bucket) => ({ bucket, answer: page.ask("trend", { bucket }) }));
}

function wanted(page) {
  const fitting = bucketsFor(page.period);
  const asked = page.query.get("bucket");
  if (fitting.includes(asked)) return [asked];
  const first = bucketFor(page.period);
  const next = SIZES[SIZES.indexOf(first) + 1];
  return fitting.includes(next) ? [first, next] : [first];
}

/** Return the trend to show: the finest, unless too many of its points are too few to tell. */
export function shownTrend(trends) {
  const [first, second] = trends;
  return second && first.answer.data && isSparse(first.answer.data) ? second : first;
}

function isSparse({ points }) {
  const said = points.filter((point) => point.n > 0);
  return said.filter((point) => point.too_few).length > said.length * MOST_TOO_FEW;
}

/** Return the days of a point as filters; a piece at the edge reaches no further than the period. */
export function daysOf(page, point) {
  const from = point.start.slice(0, 10);
  const last = point.end.slice(0, 10);
  const [start, end] = [isoOf(page.period.start), isoOf(page.period.end)];
  // The page's periods are whole days: an hour leads to its day.
  const to = last > from ? last : isoOf(addDays(dayOf(from), 1));
  return { from: from < start ? start : from, to: to > end ? end : to };
}

/** Return what a point is called: its hour, its day, its week's first and last day, or its month. */
export function nameOf(page, bucket, point) {
  if (bucket === "hour") return page.write.moment(point.start);
  if (bucket === "month") return page.write.month(point.start);
  if (bucket === "day") return page.write.day(point.start);
  const { from, to } = daysOf(page, point);
  const last = isoOf(addDays(dayOf(to), -1));
  return from === last ? page.write.day(from) : `${page.write.dayShort(from)} ${page.t.between} ${page.write.day(last)}`;
}

/** Return the short name for the axis. */
export function tickOf(page, bucket, point) {
  if (bucket === "month") return page.write.month(point.start);
  const isMidnight = point.start.slice(11, 16) === "00:00";
  if (bucket !== "hour" || isMidnight) return page.write.dayShort(point.start);
  return page.write.plain(Number(point.start.slice(11, 13)));
}

/** Return whether an event happened within a point. */
export function isWithin(event, point) {
  const moment = Date.parse(event.happened_at);
  return Date.parse(point.start) <= moment && moment < Date.parse(point.end);
}
