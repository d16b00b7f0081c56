/** One measure: its score, how the answers fall, and how it went over time. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { axis, colours, tooltip } from "../../core/chart.js";
import { figure, picture, table } from "../../core/parts.js";
import { dayIn } from "../customers/time.js";
import { answersOf } from "./names.js";
import { timeNote } from "./notes.js";

/** Return the half of a measure that was asked for; `all` are its own points, each as long as `bucket`. */
export function drawMeasure(page, t, measure, all, bucket) {
  const points = answered(all);
  return html`<section class="asked-half"><h3>${measure.measure === "rating" ? t.starred : t.askedFor}</h3><div class="big">${scoreFigure(page, t, measure, answersOf(page, measure))}</div>
    <p class="hint asked-meaning">${t.meanings[measure.measure]}</p>
    ${measure.too_few ? nothing : spread(page, t, measure)}
    ${points.some(({ score }) => score !== null) ? trend(page, t, measure, points) : timeNote(page, t, measure, bucket)}</section>`;
}

/** From the first point with an answer to the last one. */
function answered(points) {
  const [first, last] = [points.findIndex(({ n }) => n > 0), points.findLastIndex(({ n }) => n > 0)];
  return first < 0 ? [] : points.slice(first, last + 1);
}

function writerOf(page, { measure }) {
  return measure === "nps" ? page.write.points : page.write.fine;
}

function scoreFigure(page, t, told, href) {
  return figure(page, {
    value: told.score, low: told.score_low, high: told.score_high, n: told.n, unit: t.answers, write: writerOf(page, told), href,
  });
}

function spread(page, t, measure) {
  const { n, n_top: top, n_bottom: bottom } = measure;
  const parts = measure.measure === "nps"
    ? [["negative", bottom, t.parts.bottom, { score_to: 6 }], ["neutral", n - top - bottom, t.parts.middle, { score_from: 7, score_to: 8 }], ["positive", top, t.parts.top, { score_from: 9 }]]
    : [["neutral", n - top, null], ["positive", top, t.topShare(page.write.fine(measure.top_from)), { score_from: measure.top_from }]];
  if (measure.top_from === null) return nothing;
  return html`<div class="asked-spread"><span class="bar" aria-hidden="true">${parts.filter(([, count]) => count > 0)
      .map(([kind, count]) => html`<span class="part ${kind}" .style=${`flex-grow:${count}`}></span>`)}</span>
    <ul>${parts.filter(([, , name]) => name).map(([kind, count, name, range]) => html`<li class="asked-part ${kind}"><a href=${answersOf(page, measure, range)}><b>${page.write.percent(count / n)}</b> ${name}</a>${kind === "positive" ? html` <small>(${page.write.percent(measure.top_share_low)} ${page.t.between} ${page.write.percent(measure.top_share_high)})</small>` : nothing}</li>`)}</ul></div>`;
}

function trend(page, t, measure, points) {
  const at = (point) => answersOf(page, measure, { from: dayIn(page, point.start), to: dayIn(page, point.end) });
  const name = t.measures[measure.measure];
  return picture(page, {
    id: `asked-${measure.measure}-${measure.highest}`, label: t.trendLabel(name), option: trendOption(page, t, measure, points), height: "14rem",
    onPick: ({ dataIndex }) => page.actions.go(at(points[dataIndex])),
    rows: () => table(`${name}: ${t.trend}`, [
      { head: t.when, cell: (point) => pointName(page, point) },
      { head: name, cell: (point) => scoreFigure(page, t, point, at(point)) },
    ], points),
  });
}

function pointName(page, point) {
  const write = isMonth(point) ? page.write.month : page.write.day;
  return `${write(dayIn(page, point.start))}${point.complete ? "" : ` (${page.t.incomplete})`}`;
}

function isMonth({ start, end }) {
  return new Date(end) - new Date(start) > 20 * 86_400_000;
}

/** The score with its interval as a band; below, how many answered. Where too few did, the line has a gap. */
function trendOption(page, t, measure, points) {
  const colour = colours();
  const write = writerOf(page, measure);
  const value = (field) => points.map((point) => point[field]);
  const most = Math.max(1, ...value("n"));
  const side = page.isRtl ? "right" : "left";
  const bounds = measure.measure === "nps" ? { splitNumber: 3 } : { min: measure.lowest, max: measure.highest, interval: (measure.highest - measure.lowest) / 2 };
  return {
    grid: [{ top: 12, height: "58%", left: page.isRtl ? 12 : 48, right: page.isRtl ? 48 : 12 }, { bottom: 24, height: "16%", left: page.isRtl ? 12 : 48, right: page.isRtl ? 48 : 12 }],
    xAxis: [0, 1].map((gridIndex) => axis({
      type: "category", data: points.map((point) => (isMonth(point) ? page.write.month : page.write.dayShort)(dayIn(page, point.start))), gridIndex, axisLabel: { show: gridIndex === 1, hideOverlap: true },
    })),
    yAxis: [
      axis({ type: "value", position: side, axisLabel: { formatter: write === page.write.points ? write : page.write.decimal }, ...bounds }),
      axis({ type: "value", gridIndex: 1, position: side, max: most, interval: most, splitLine: { show: false }, axisLabel: { formatter: page.write.short, showMinLabel: false } }),
    ],
    tooltip: tooltip(([{ dataIndex }]) => linesOf(page, t, measure, points[dataIndex], write), { trigger: "axis" }),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    series: [
      { type: "line", stack: "band", data: value("score_low"), symbol: "none", lineStyle: { opacity: 0 }, silent: true, stackStrategy: "all" },
      { type: "line", stack: "band", data: points.map((point) => (point.score === null ? null : point.score_high - point.score_low)), symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: colour.band }, silent: true, stackStrategy: "all" },
      { type: "line", data: value("score"), color: colour.accent, lineStyle: { width: 2.5 }, symbolSize: 7, connectNulls: false },
      { type: "bar", xAxisIndex: 1, yAxisIndex: 1, data: value("n"), color: colour.neutral, barMaxWidth: 18 },
    ],
  };
}

function linesOf(page, t, measure, point, write) {
  const told = point.score === null ? page.t.tooFew : `${write(point.score)} (${write(point.score_low)} ${page.t.between} ${write(point.score_high)})`;
  return [[pointName(page, point)], [t.measures[measure.measure], told], [t.answers, page.write.count(point.n)]];
}
