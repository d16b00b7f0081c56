/** How much is said of each aspect against how happy people are with it: what is urgent stands in one corner. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { axis, colours, tooltip } from "../../core/chart.js";
import { figure, netFigure, panel, picture, table } from "../../core/parts.js";

/** Shares at which the axis may begin or end. */
const EDGES = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Return the panel of a comparison by aspect. */
export function mapPanel(page, t, compared) {
  return panel(page, { id: "map", title: t.map, answer: compared, draw: (data) => map(page, t, data) });
}

function map(page, t, data) {
  const told = data.lines.filter((line) => line.net_sentiment !== null);
  const few = data.lines.filter((line) => line.net_sentiment === null && line.n > 0);
  if (told.length === 0) return html`<p class="nothing">${t.mapNone}</p>`;
  const middle = { share: median(told.map((line) => line.share)), net: data.total.net_sentiment };
  const href = (line) => page.messagesNamed(line.messages);
  return html`<p class="hint">${t.mapHint(page.write.points(middle.net))}</p>${picture(page, {
    id: "map", label: t.mapLabel, option: option(page, t, { told, middle }), height: "26rem",
    onPick: (picked) => picked.data?.line && page.actions.go(href(picked.data.line)),
    rows: () => table(t.map, [
      { head: page.t.aspect, cell: (line) => page.pick(line, "label") },
      { head: page.t.share, cell: (line) => figure(page, { value: line.share, low: line.share_low, high: line.share_high, n: line.n, write: page.write.percent, href: href(line) }), numeric: true },
      { head: page.t.netSentiment, cell: (line) => netFigure(page, { ...line, n: undefined }, href(line)), numeric: true },
      { head: t.quadrant, cell: (line) => t.quadrants[quadrantOf(line, middle)] },
    ], told),
  })}${few.length ? html`<p class="hint">${t.mapFew(few.map((line) => page.pick(line, "label")).join(page.isRtl ? "، " : ", "))}</p>` : nothing}`;
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Return in which corner an aspect stands; one on a line belongs to the better or the larger side. */
function quadrantOf(line, middle) {
  const isGood = line.net_sentiment >= middle.net;
  if (line.share >= middle.share) return isGood ? "strong" : "urgent";
  return isGood ? "quiet" : "watch";
}

function option(page, t, { told, middle }) {
  const colour = colours();
  const shares = told.map((line) => line.share);
  const nets = told.map((line) => line.net_sentiment);
  const left = EDGES.findLast((edge) => edge * 1.3 <= Math.min(...shares)) ?? 0.001;
  const right = EDGES.find((edge) => edge >= Math.max(...shares) * 1.3) ?? 1;
  const bottom = Math.max(-100, Math.floor((Math.min(...nets) - 18) / 20) * 20);
  const top = Math.min(100, Math.ceil((Math.max(...nets) + 18) / 20) * 20);
  return {
    grid: { top: 12, bottom: 40, left: 44, right: 16 },
    xAxis: axis({ type: "log", min: left, max: right, name: page.t.share, nameLocation: "middle", nameGap: 26, axisLabel: { formatter: page.write.percent }, splitLine: { show: false } }),
    yAxis: axis({ type: "value", min: bottom, max: top, interval: 20, axisLabel: { formatter: page.write.points } }),
    tooltip: tooltip(({ data }) => data?.line && tip(page, data.line)),
    series: [{
      type: "scatter", cursor: "pointer", data: told.map((line) => bubble(page, line, middle, colour)), labelLayout: { hideOverlap: true, moveOverlap: "shiftY" },
      markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colour.soft, type: "dashed", opacity: 0.6 }, data: [{ xAxis: middle.share }, { yAxis: middle.net }] },
      markArea: { silent: true, itemStyle: { color: "transparent" }, data: corners(t, { left, right, top, bottom, middle, colour }) },
    }],
  };
}

function bubble(page, line, middle, colour) {
  const tone = { strong: colour.positive, quiet: colour.positive, watch: colour.soft, urgent: colour.negative }[quadrantOf(line, middle)];
  return {
    value: [line.share, line.net_sentiment], line, symbolSize: Math.max(10, Math.min(44, Math.sqrt(line.share) * 90)),
    itemStyle: { color: tone, opacity: 0.75, borderColor: colour.surface, borderWidth: 1.5 },
    label: { show: true, position: "top", distance: 4, formatter: page.pick(line, "label"), color: colour.text, fontSize: 12, textBorderColor: colour.surface, textBorderWidth: 2 },
  };
}

function corners(t, { left, right, top, bottom, middle, colour }) {
  const at = (name, place, from, to) => [
    { name, xAxis: from[0], yAxis: from[1], label: { position: place, color: colour.soft, fontSize: 13, fontWeight: 600, distance: 8 } }, { xAxis: to[0], yAxis: to[1] },
  ];
  return [
    at(t.quadrants.quiet, "insideTopLeft", [left, top], [middle.share, middle.net]), at(t.quadrants.strong, "insideTopRight", [middle.share, top], [right, middle.net]),
    at(t.quadrants.watch, "insideBottomLeft", [left, middle.net], [middle.share, bottom]), at(t.quadrants.urgent, "insideBottomRight", [middle.share, middle.net], [right, bottom]),
  ];
}

function tip(page, line) {
  const { percent, points, count } = page.write;
  const within = (low, high, write) => `(${write(low)} ${page.t.between} ${write(high)})`;
  return [
    [page.pick(line, "label")], [page.t.n, count(line.n)],
    [page.t.share, `${percent(line.share)} ${within(line.share_low, line.share_high, percent)}`],
    [page.t.netSentiment, `${points(line.net_sentiment)} ${within(line.net_sentiment_low, line.net_sentiment_high, points)}`],
  ];
}
