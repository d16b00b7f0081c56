/** The picture of the trend for ECharts: line, band, gaps, unfinished pieces, events, and volume below. */

import { axis, colours, tooltip } from "../../core/chart.js";
import { isWithin, nameOf, tickOf } from "./buckets.js";
import { beforeSeries, beforeTip, beforeValues } from "./trend-before.js";
import { bandSeries, eventLanes, eventSeries } from "./trend-marks.js";

const KINDS = ["negative", "neutral", "positive"];
const MANY_POINTS = 45;

/** Return the option. Time runs from left to right in both languages, as on the charts that people know. */
export function trendOption(page, t, bucket, data) {
  return {
    grid: grids(data),
    xAxis: [0, 1].map((gridIndex) => timeAxis(page, bucket, data, gridIndex)),
    yAxis: [netAxis(page, data), volumeAxis(page, data), { type: "value", gridIndex: 0, min: 0, max: 1, show: false }],
    tooltip: tooltip((picked) => tipOf(page, t, bucket, data, picked), { trigger: "axis", axisPointer: { type: "line", lineStyle: { color: colours().soft, type: "solid", opacity: 0.4 } } }),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    series: [wholeColumns(data), bandSeries(data.points), ...lines(data.points), ...beforeSeries(data), eventSeries(data), ...volumes(data.points)],
  };
}

/** Above the line, below the volume; volume alone where no piece can be told. */
function grids({ points, events }) {
  const top = 14 + 24 * eventLanes({ points, events });
  // Without it, ECharts narrows a grid by whatever it measures of labels, before their font is there too.
  const sides = { left: 44, right: 16, outerBoundsMode: "none" };
  if (isTold(points)) return [{ ...sides, top, bottom: "32%" }, { ...sides, height: "20%", bottom: 26 }];
  return [{ ...sides, top, height: 0 }, { ...sides, top: top + 10, bottom: 26 }];
}

/** Return whether net sentiment of any point can be told. */
export function isTold(points) {
  return points.some((point) => !point.too_few);
}

function timeAxis(page, bucket, data, gridIndex) {
  const tick = (_label, index) => tickOf(page, bucket, data.points[index]);
  return axis({
    type: "category", gridIndex, show: gridIndex === 1 || isTold(data.points), data: data.points.map((point) => point.label), splitLine: { show: false },
    axisLabel: { show: gridIndex === 1, hideOverlap: true, formatter: tick },
  });
}

/** The scale holds every interval and 0, in even steps. */
function netAxis(page, data) {
  const known = data.points.filter((point) => !point.too_few);
  const low = Math.min(-20, ...known.map((point) => point.net_sentiment_low), ...beforeValues(data));
  const high = Math.max(20, ...known.map((point) => point.net_sentiment_high), ...beforeValues(data));
  const step = high - low > 120 ? 50 : 25;
  const [min, max] = [Math.max(-100, Math.floor(low / step) * step), Math.min(100, Math.ceil(high / step) * step)];
  return axis({ type: "value", show: known.length > 0, min, max, interval: step, axisLabel: { formatter: page.write.points } });
}

function volumeAxis(page, data) {
  const max = evenAbove(Math.max(1, ...data.points.map((point) => point.n)));
  return axis({ type: "value", gridIndex: 1, min: 0, max, interval: max / 2, splitLine: { show: false }, axisLabel: { formatter: page.write.short } });
}

/** Return the next of 2, 4, 6, 10, 20, 40 … */
function evenAbove(n) {
  const size = 10 ** Math.floor(Math.log10(n));
  return [2, 4, 6, 10, 20].map((times) => times * size).find((one) => one >= n);
}

/** A column of the whole height answers a click anywhere over a piece. */
function wholeColumns(data) {
  return {
    id: "columns", type: "bar", yAxisIndex: 2, data: data.points.map(() => 1), barWidth: "100%", z: 0,
    itemStyle: { color: "transparent" }, emphasis: { itemStyle: { color: colours().faint, opacity: 0.35 } },
  };
}

/** The line of what is complete, and a dashed one to and from what is not. */
function lines(points) {
  const colour = colours().accent;
  const common = { type: "line", color: colour, showAllSymbol: true, z: 4, cursor: "pointer" };
  return [
    { ...common, id: "net", lineStyle: { width: 2.5 }, data: points.map((point, at) => (point.complete ? dot(points, at) : null)), markLine: isTold(points) ? zeroLine() : undefined },
    { ...common, id: "open", lineStyle: { width: 2, type: [4, 4] }, data: points.map((point, at) => openDot(points, at)) },
  ];
}

function zeroLine() {
  return { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colours().soft, type: "solid", width: 1, opacity: 0.5 }, data: [{ yAxis: 0 }] };
}

function dot(points, at) {
  const isAlone = (points[at - 1]?.too_few ?? true) && (points[at + 1]?.too_few ?? true);
  return { value: points[at].net_sentiment, symbol: "circle", symbolSize: points.length < MANY_POINTS || isAlone ? 7 : 0 };
}

function openDot(points, at) {
  const isBeside = [at - 1, at + 1].some((other) => points[other] && !points[other].complete && !points[other].too_few);
  if (points[at].complete) return isBeside ? { value: points[at].net_sentiment, symbolSize: 0 } : null;
  const { surface, accent } = colours();
  return { value: points[at].net_sentiment, symbol: "circle", symbolSize: 9, itemStyle: { color: surface, borderColor: accent, borderWidth: 2 } };
}

function volumes(points) {
  const colour = colours();
  return KINDS.map((kind) => ({
    id: `n_${kind}`, type: "bar", stack: "volume", xAxisIndex: 1, yAxisIndex: 1, color: colour[kind], barMaxWidth: 34, barCategoryGap: "25%", cursor: "pointer",
    data: points.map((point) => ({ value: point[`n_${kind}`], itemStyle: { opacity: point.complete ? 1 : 0.45 } })),
  }));
}

function tipOf(page, t, bucket, data, picked) {
  const found = picked.find((one) => !["band", "events"].includes(one.seriesId));
  if (!found) return null;
  const point = data.points[found.dataIndex];
  const { points } = page.write;
  const net = point.too_few ? page.t.tooFew : `${points(point.net_sentiment)} (${points(point.net_sentiment_low)} ${page.t.between} ${points(point.net_sentiment_high)})`;
  const counts = KINDS.map((kind) => [page.t[kind], page.write.count(point[`n_${kind}`])]);
  const happened = data.events.filter((one) => isWithin(one, point)).map((one) => [t.event, one.title]);
  return [[`${nameOf(page, bucket, point)}${point.complete ? "" : ` (${page.t.incomplete})`}`], [page.t.netSentiment, net], ...beforeTip(page, data, found.dataIndex), ...counts, ...happened];
}
