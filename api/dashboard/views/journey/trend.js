/** The trend of one stage, in pieces of time that hold enough of it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { axis, colours, tooltip } from "../../core/chart.js";
import { downloads, figure, netFigure, panel, picture, table } from "../../core/parts.js";
import { daysBetween } from "../../core/periods.js";

const ENOUGH = 40;
const BUCKETS = [["hour", 1 / 24], ["day", 1], ["week", 7], ["month", 30.4]];
/** One dot is no line. */
const FEWEST_TOLD = 2;

/** The finest piece of time that is not finer than the page's and has enough mentions to tell a figure. */
function bucketOf(page, n) {
  const from = BUCKETS.findIndex(([id]) => id === page.bucket);
  const days = daysBetween(page.period.start, page.period.end);
  const fits = BUCKETS.slice(from).find(([, length]) => (n * length) / days >= ENOUGH && days >= 2 * length);
  const longest = BUCKETS.slice(from).filter(([, length]) => days >= 2 * length).at(-1);
  return (fits ?? longest ?? BUCKETS[from])[0];
}

/** The trend by that piece, or by a longer one where fewer than two have enough; if none helps, by that piece again. */
function askTrend(page, stage, n) {
  const days = daysBetween(page.period.start, page.period.end);
  const first = bucketOf(page, n);
  const longer = BUCKETS.filter(([, length], at) => at > BUCKETS.findIndex(([id]) => id === first) && days >= 2 * length);
  const asked = [];
  for (const bucket of [first, ...longer.map(([id]) => id)]) {
    const params = { stage, bucket };
    asked.push({ params, bucket, answer: page.ask("trend", params) });
    if (!asked.at(-1).answer.data || isTold(asked.at(-1).answer.data)) return asked.at(-1);
  }
  return asked[0];
}

function isTold({ points }) {
  return points.filter((point) => !point.too_few).length >= Math.min(FEWEST_TOLD, points.length);
}

/** Return the panel; `n`: its mentions in the period, null: not known yet. */
export function trendPanel(page, t, stage, n) {
  if (n === null) return nothing;
  const { params, bucket, answer } = askTrend(page, stage, n);
  return panel(page, {
    title: t.trend, answer, wide: true, id: "stage-trend", tools: downloads(page, "trend", params),
    draw: (data) => html`<p class="big">${netFigure(page, data, page.messages({ stage }))}</p>${noteOf(page, t, bucket, data)}${trendPicture(page, t, stage, data)}`,
  });
}

function noteOf(page, t, bucket, data) {
  if (!isTold(data)) return html`<p class="hint">${t.fewIn[bucket]}${t.onlyVolume}</p>`;
  return bucket === page.bucket ? nothing : html`<p class="hint">${t.fewIn[page.bucket]}${t.shownBy[bucket]}</p>`;
}

function trendPicture(page, t, stage, data) {
  const at = (point) => page.messages({ stage, from: point.start.slice(0, 10), to: point.end.slice(0, 10) });
  return picture(page, {
    id: "stage-trend", label: t.trendLabel, option: trendOption(page, data), height: isTold(data) ? "18rem" : "12rem",
    onPick: (picked) => page.actions.go(at(data.points[picked.dataIndex])),
    rows: () => table(t.trend, [
      { head: t.bucket, cell: (point) => page.write.day(point.start) },
      { head: page.t.netSentiment, cell: (point) => netFigure(page, point, at(point)), numeric: true },
      { head: page.t.n, cell: (point) => figure(page, { value: point.n, write: page.write.count, href: at(point) }), numeric: true },
    ], data.points),
  });
}

/** Net sentiment above, volume below: neither lies on the other's axis. Without a line there is volume alone. */
function trendOption(page, data) {
  const isLine = isTold(data);
  const days = data.points.map((point) => page.write.dayShort(point.start));
  const below = isLine ? 1 : 0;
  const whole = { top: 12, bottom: 26, left: 44, right: 16 };
  const volume = axis({ type: "value", splitNumber: 2, minInterval: 1, gridIndex: below, axisLabel: { formatter: page.write.short } });
  const words = tooltip(([first]) => pointWords(page, data.points[first.dataIndex]), { trigger: "axis" });
  if (!isLine) return { grid: whole, xAxis: axis({ type: "category", data: days }), yAxis: volume, tooltip: words, series: bars(data, below) };
  return {
    grid: [{ ...whole, bottom: "38%" }, { ...whole, top: "70%" }],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    xAxis: [axis({ type: "category", data: days, axisLabel: { show: false } }), axis({ type: "category", data: days, gridIndex: below })],
    yAxis: [axis({ type: "value", min: -100, max: 100, interval: 50, axisLabel: { formatter: page.write.points } }), volume],
    tooltip: words,
    series: [...bars(data, below), ...line(data)],
  };
}

function bars(data, below) {
  const colour = colours();
  return ["negative", "neutral", "positive"].map((kind) => ({
    type: "bar", stack: "volume", xAxisIndex: below, yAxisIndex: below, data: data.points.map((point) => point[`n_${kind}`]), color: colour[kind], barMaxWidth: 28,
  }));
}

function line(data) {
  const colour = colours();
  const value = (field) => data.points.map((point) => point[field]);
  const unseen = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true };
  return [
    { ...unseen, data: value("net_sentiment_low") },
    { ...unseen, data: data.points.map((point) => (point.too_few ? null : point.net_sentiment_high - point.net_sentiment_low)), areaStyle: { color: colour.band } },
    { type: "line", data: value("net_sentiment"), color: colour.accent, lineStyle: { width: 2.5 }, symbolSize: 6, showSymbol: data.points.length < 45 },
  ];
}

function pointWords(page, point) {
  const { write, t } = page;
  const net = point.too_few ? t.tooFew : `${write.points(point.net_sentiment)} (${write.points(point.net_sentiment_low)} ${t.between} ${write.points(point.net_sentiment_high)})`;
  return [[write.day(point.start)], [t.netSentiment, net], [t.n, write.count(point.n)]];
}
