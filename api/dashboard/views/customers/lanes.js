/** The picture of one customer's way: channels as lanes, time from left to right, a mark for each message. */

import { axis, colours, tooltip } from "../../core/chart.js";
import { clockOf, dayIn, marksBetween } from "./time.js";

const SHAPES = { negative: ["triangle", 180], neutral: ["circle", 0], positive: ["triangle", 0], mixed: ["diamond", 0] };
const TWO_DAYS_MS = 172_800_000;
const YEAR_MS = 365 * 86_400_000;
const SPREAD_PX = [0, -13, 13, -7, 7, -19, 19];
const TOO_NEAR = 0.018;

/** Return the chart's option for a way. */
export function lanesOption(page, way) {
  const colour = colours();
  const [from, to] = boundsOf(way);
  const laned = way.steps.map((step) => ({ step, value: [step.created_at, way.channels.indexOf(step.channel)] }));
  const write = writerFor(page, to - from);
  const marks = to - from < TWO_DAYS_MS ? {} : { customValues: marksBetween(page, from, to) };
  return {
    grid: { top: 12, bottom: 28, left: page.isRtl ? 16 : 84, right: page.isRtl ? 84 : 24 },
    xAxis: axis({
      type: "time", axisLabel: { formatter: write, hideOverlap: true, ...marks }, axisTick: { show: true, lineStyle: { color: colour.soft }, ...marks }, splitLine: { show: false }, min: from, max: to,
    }),
    yAxis: axis({
      type: "category", inverse: true, data: way.channels.map((id) => page.name("channel", id)),
      position: page.isRtl ? "right" : "left", axisLine: { show: false }, splitLine: { show: true, lineStyle: { color: colour.faint } },
    }),
    tooltip: tooltip(({ data }) => linesOf(page, data.step)),
    series: [
      { type: "line", data: laned.map(({ value }) => value), symbol: "none", silent: true, lineStyle: { color: colour.faint, width: 2 }, z: 1 },
      { type: "scatter", z: 3, data: spread(laned, (to - from) * TOO_NEAR).map((mark) => ({ ...mark, ...dress(mark.step, colour) })) },
    ],
  };
}

/** A short way is told by the clock, a long one by months. */
function writerFor(page, lengthMs) {
  if (lengthMs < TWO_DAYS_MS) return (moment) => clockOf(page, moment);
  return (moment) => (lengthMs > YEAR_MS ? page.write.month : page.write.dayShort)(dayIn(page, moment));
}

/** A little room on both sides, so that the first and the last mark are whole. */
function boundsOf(way) {
  if (way.steps.length === 0) return [0, 1];
  const [first, last] = [way.steps[0], way.steps.at(-1)].map((step) => new Date(step.created_at).getTime());
  const room = Math.max((last - first) * 0.03, 600_000);
  return [first - room, last + room];
}

/** Marks that would lie on one another make room: one above, the next below. */
function spread(laned, nearMs) {
  const inLane = new Map();
  return laned.map((mark) => {
    const [moment, lane] = [new Date(mark.value[0]).getTime(), mark.value[1]];
    const before = inLane.get(lane);
    const nth = before && moment - before.moment < nearMs ? before.nth + 1 : 0;
    inLane.set(lane, { moment: nth ? before.moment : moment, nth });
    return { ...mark, symbolOffset: [0, SPREAD_PX[nth % SPREAD_PX.length]] };
  });
}

function dress(step, colour) {
  const [symbol, symbolRotate] = SHAPES[step.sentiment] ?? ["emptyCircle", 0];
  return {
    symbol, symbolRotate, symbolSize: symbol === "circle" ? 12 : 14, cursor: "pointer",
    itemStyle: { color: colour[step.sentiment] ?? colour.soft, borderColor: colour.surface, borderWidth: 1, opacity: 1 },
  };
}

function linesOf(page, step) {
  const said = Array.from(step.text);
  return [
    [page.write.moment(step.created_at)],
    [page.t.channel, page.name("channel", step.channel)],
    [page.t.sentiment, step.sentiment ? page.name("sentiment", step.sentiment) : page.t.none],
    [said.length > 60 ? `${said.slice(0, 60).join("")}…` : step.text],
  ];
}
