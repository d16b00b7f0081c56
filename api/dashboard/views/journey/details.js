/** One stage from near: its trend, what changed it, and where it hurts. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { axis, colours, tooltip } from "../../core/chart.js";
import { chanceNote, downloads, figure, netFigure, nothingFound, panel, picture, table, toneOf } from "../../core/parts.js";
import { daysBetween } from "../../core/periods.js";

const N_DRIVERS = 5;
const N_PAINS = 8;
const ENOUGH = 40;
const BUCKETS = [["hour", 1 / 24], ["day", 1], ["week", 7], ["month", 30.4]];

/**
 * Return the panels of a stage.
 * @param {string} stage Its id.
 * @param {number | null} n Its mentions in the period; null: not known yet.
 */
export function stageDetails(page, t, stage, n) {
  const name = page.name("stage", stage);
  return html`<section id="stage-details" class="stage-details" tabindex="-1" aria-label=${t.details(name)}>
    <header><h2>${t.details(name)}</h2><span class="stage-links">${toMap(t)}<a class="button" href=${page.messages({ stage })}>${t.all}</a>
      <a class="button" href=${page.address("intents", { focus: stage })}>${t.asks}</a>
      <a class="button" href=${page.here({ focus: null })}>${t.closeDetails}</a></span></header>
    <div class="grid">${trendPanel(page, t, stage, n)}${whyPanel(page, t, stage)}${painPanel(page, t, stage)}</div>
    <p class="stage-links to-map">${toMap(t)}</p></section>`;
}

function toMap(t) {
  return html`<button type="button" @click=${showMap}><span aria-hidden="true">↑</span> ${t.toMap}</button>`;
}

/** Back up to the map, to the stage that was chosen there. */
function showMap() {
  const map = document.getElementById("journey-map");
  map?.scrollIntoView({ block: "start" });
  (map?.querySelector(".chosen .milestone a") ?? map?.querySelector("tbody a"))?.focus({ preventScroll: true });
}

/** The finest piece of time that is not finer than the page's and has enough mentions to tell a figure. */
function bucketOf(page, n) {
  const from = BUCKETS.findIndex(([id]) => id === page.bucket);
  const days = daysBetween(page.period.start, page.period.end);
  const fits = BUCKETS.slice(from).find(([, length]) => (n * length) / days >= ENOUGH && days >= 2 * length);
  const longest = BUCKETS.slice(from).filter(([, length]) => days >= 2 * length).at(-1);
  return (fits ?? longest ?? BUCKETS[from])[0];
}

/** The trend by that piece, or by a longer one where no piece has enough. */
function askTrend(page, stage, n) {
  const days = daysBetween(page.period.start, page.period.end);
  const first = bucketOf(page, n);
  const longer = BUCKETS.filter(([, length], at) => at > BUCKETS.findIndex(([id]) => id === first) && days >= 0.9 * length);
  let asked;
  for (const bucket of [first, ...longer.map(([id]) => id)]) {
    const params = { stage, bucket };
    asked = { params, bucket, answer: page.ask("trend", params) };
    if (!asked.answer.data || isTold(asked.answer.data)) break;
  }
  return asked;
}

function isTold({ points }) {
  return points.some((point) => !point.too_few);
}

function trendPanel(page, t, stage, n) {
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
    id: "stage-trend", label: t.trendLabel, option: trendOption(page, data), height: "15rem",
    onPick: (picked) => page.actions.go(at(data.points[picked.dataIndex])),
    rows: () => table(t.trend, [
      { head: t.bucket, cell: (point) => page.write.day(point.start) },
      { head: page.t.netSentiment, cell: (point) => netFigure(page, point, at(point)), numeric: true },
      { head: page.t.n, cell: (point) => figure(page, { value: point.n, write: page.write.count, href: at(point) }), numeric: true },
    ], data.points),
  });
}

function trendOption(page, data) {
  const colour = colours();
  const value = (field) => data.points.map((point) => point[field]);
  const bar = (kind) => ({ type: "bar", stack: "volume", yAxisIndex: 1, data: value(`n_${kind}`), color: colour[kind], barMaxWidth: 14, itemStyle: { opacity: 0.35 } });
  return {
    grid: { top: 12, bottom: 26, left: 44, right: 44 },
    xAxis: axis({ type: "category", data: data.points.map((point) => page.write.dayShort(point.start)) }),
    yAxis: [
      axis({ type: "value", min: -100, max: 100, interval: 50, axisLabel: { formatter: page.write.points } }),
      axis({ type: "value", splitNumber: 2, max: ({ max }) => max * 2.5, splitLine: { show: false }, axisLabel: { formatter: page.write.short, showMaxLabel: false } }),
    ],
    tooltip: tooltip(([first]) => pointWords(page, data.points[first.dataIndex]), { trigger: "axis" }),
    series: [
      ...["negative", "neutral", "positive"].map(bar),
      { type: "line", stack: "band", stackStrategy: "all", data: value("net_sentiment_low"), symbol: "none", lineStyle: { opacity: 0 }, silent: true },
      { type: "line", stack: "band", stackStrategy: "all", data: data.points.map((point) => (point.too_few ? null : point.net_sentiment_high - point.net_sentiment_low)), symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: colour.band }, silent: true },
      { type: "line", data: value("net_sentiment"), color: colour.accent, lineStyle: { width: 2.5 }, symbolSize: 6, showSymbol: data.points.length < 45 },
    ],
  };
}

function pointWords(page, point) {
  const { write, t } = page;
  const net = point.too_few ? t.tooFew : `${write.points(point.net_sentiment)} (${write.points(point.net_sentiment_low)} ${t.between} ${write.points(point.net_sentiment_high)})`;
  return [[write.day(point.start)], [t.netSentiment, net], [t.n, write.count(point.n)]];
}

function whyPanel(page, t, stage) {
  return panel(page, {
    title: t.why, answer: page.ask("drivers", { stage, by: "aspect" }), isEmpty: () => false,
    draw: (data) => html`<p class="summary">${page.pick(data, "summary")}</p>
      <ul class="sentences">${data.drivers.slice(0, N_DRIVERS).map((one) => html`<li class=${one.significant ? `${toneOf(one.total)}-line` : ""}>
        <a href=${page.messagesNamed(one.messages)}>${page.pick(one, "sentence")}</a></li>`)}</ul>
      ${chanceNote(page, data.drivers.slice(0, N_DRIVERS).some((one) => !one.significant))}`,
  });
}

function painPanel(page, t, stage) {
  const params = { stage, limit: N_PAINS };
  return panel(page, {
    title: t.painsOf, hint: t.painsHint, answer: page.ask("pains", params), tools: downloads(page, "pains", params), isEmpty: () => false,
    draw: (data) => data.cells.length === 0 ? nothingFound(page, page.pick(data, "sentence")) : painTable(page, t, data),
  });
}

function painTable(page, t, data) {
  const growth = (cell) => cell.growth?.ratio ? figure(page, {
    value: cell.growth.ratio, low: cell.growth.low, high: cell.growth.high, write: (ratio) => t.times(page.write.decimal(ratio)), tone: cell.growth.grew ? "bad" : cell.growth.shrank ? "good" : "",
  }) : nothing;
  return table(t.painsOf, [
    { head: page.t.aspect, cell: (cell) => html`${page.name("aspect", cell.aspect)} <small>${page.name("intent", cell.intent)}</small>` },
    { head: page.t.n, cell: (cell) => figure(page, { value: cell.n_negative, write: page.write.count, href: page.messagesNamed(cell.feedback) }), numeric: true },
    { head: page.t.share, cell: (cell) => figure(page, { value: cell.share_of_all_negative, low: cell.share_of_all_negative_low, high: cell.share_of_all_negative_high, write: page.write.percent }), numeric: true },
    ...(data.before_is_covered ? [{ head: t.growth, cell: growth, numeric: true }] : []),
  ], data.cells);
}
