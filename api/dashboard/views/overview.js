/** Overview: how it is, what changed and why, what needs somebody now. */

import { html } from "../vendor/lit-html/lit-html.js";
import { axis, colours, tooltip } from "../core/chart.js";
import { downloads, estimateBadge, figure, netFigure, panel, picture, table } from "../core/parts.js";

const WORDS = {
  fa: { trend: "رضایت خالص در گذر زمان", trendLabel: "نمودار رضایت خالص و حجم در گذر زمان", day: "بازه" },
  en: { trend: "Net sentiment over time", trendLabel: "Chart of net sentiment and volume over time", day: "Period" },
};

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const trend = page.ask("trend", { bucket: page.bucket });
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.overview}</h1></div>
    <div class="grid">${panel(page, {
      title: t.trend, hint: page.t.netSentimentHint, answer: trend, wide: true, tools: html`${estimateBadge(page, trend.data)}${downloads(page, "trend", { bucket: page.bucket })}`,
      draw: (data) => html`<p class="big">${netFigure(page, data, page.messages())}</p>${trendPicture(page, t, data)}`,
    })}</div>`;
}

function trendPicture(page, t, data) {
  const at = (point) => page.messages({ from: point.start.slice(0, 10), to: point.end.slice(0, 10) });
  return picture(page, {
    id: "trend", label: t.trendLabel, option: trendOption(page, data), height: "22rem",
    onPick: (picked) => page.actions.go(at(data.points[picked.dataIndex])),
    rows: () => table(t.trend, [
      { head: t.day, cell: (point) => page.write.dayShort(point.start) },
      { head: page.t.netSentiment, cell: (point) => netFigure(page, point, at(point)), numeric: true },
      { head: page.t.n, cell: (point) => figure(page, { value: point.n, write: page.write.count, href: at(point) }), numeric: true },
    ], data.points),
  });
}

/** Net sentiment with its band above, volume below; time runs from right to left where the page does. */
function trendOption(page, data) {
  const colour = colours();
  const names = data.points.map((point) => page.write.dayShort(point.start));
  const value = (field) => data.points.map((point) => point[field]);
  return {
    grid: [{ top: 16, height: "62%", left: 44, right: 44 }, { bottom: 24, height: "16%", left: 44, right: 44 }],
    xAxis: [0, 1].map((gridIndex) => axis({ type: "category", data: names, inverse: page.isRtl, gridIndex, axisLabel: { show: gridIndex === 1 } })),
    yAxis: [
      axis({ type: "value", position: page.isRtl ? "right" : "left", axisLabel: { formatter: page.write.points } }),
      axis({ type: "value", gridIndex: 1, position: page.isRtl ? "right" : "left", splitNumber: 1, axisLabel: { formatter: page.write.short } }),
    ],
    tooltip: tooltip(([first]) => {
      const point = data.points[first.dataIndex];
      const net = point.too_few ? page.t.tooFew : `${page.write.points(point.net_sentiment)} (${page.write.points(point.net_sentiment_low)} ${page.t.between} ${page.write.points(point.net_sentiment_high)})`;
      return [[page.write.day(point.start)], [page.t.netSentiment, net], [page.t.n, page.write.count(point.n)]];
    }, { trigger: "axis" }),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    series: [
      { type: "line", stack: "band", data: value("net_sentiment_low"), symbol: "none", lineStyle: { opacity: 0 }, silent: true },
      { type: "line", stack: "band", data: data.points.map((point) => point.too_few ? null : point.net_sentiment_high - point.net_sentiment_low), symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: colour.band }, silent: true },
      { type: "line", data: value("net_sentiment"), color: colour.accent, lineStyle: { width: 2.5 }, symbolSize: 6, showSymbol: data.points.length < 45 },
      ...["negative", "neutral", "positive"].map((kind) => ({ type: "bar", stack: "volume", xAxisIndex: 1, yAxisIndex: 1, data: value(`n_${kind}`), color: colour[kind], barMaxWidth: 18 })),
    ],
  };
}
