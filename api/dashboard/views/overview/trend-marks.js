/** What the trend has beside its line: the band of the 95 % interval, and events as flags. */

import { colours } from "../../core/chart.js";

const LANE_PX = 24;
const MOST_LANES = 3;
const BELOW_PX = 26;
const WITH_SIDE_PX = 960;
const MOST_LABEL_PX = 150;

/** Return the band: a polygon for each run of points that can be told, a narrow bar for one alone. */
export function bandSeries(points) {
  const runs = runsOf(points);
  const fill = colours().band;
  return {
    id: "band", type: "custom", silent: true, z: 2, clip: true, tooltip: { show: false },
    data: runs.map((run) => [run[0], points[run[0]].net_sentiment_low]),
    renderItem: (params, api) => ({ type: "polygon", silent: true, style: { fill }, shape: { points: outline(points, runs[params.dataIndex], api) } }),
  };
}

function runsOf(points) {
  const runs = [];
  points.forEach((point, at) => {
    if (point.too_few) return;
    if (at > 0 && !points[at - 1].too_few) runs.at(-1).push(at);
    else runs.push([at]);
  });
  return runs;
}

function outline(points, run, api) {
  const edge = (field) => run.map((at) => api.coord([at, points[at][field]]));
  const [above, below] = [edge("net_sentiment_high"), edge("net_sentiment_low")];
  if (run.length > 1) return [...above, ...below.reverse()];
  const half = Math.min(8, api.size([1, 0])[0] / 4);
  const [[x, top], [, bottom]] = [above[0], below[0]];
  return [[x - half, top], [x + half, top], [x + half, bottom], [x - half, bottom]];
}

/** Return how many rows of flags stand above the line, in a picture about as wide as its window allows. */
export function eventLanes(data) {
  const width = innerWidth > WITH_SIDE_PX ? innerWidth - WITH_SIDE_PX / 2.6 : innerWidth - 130;
  const xs = data.events.map((event) => placeOf(event, data.points)).map(({ at, part }) => ((at + part) / data.points.length) * width);
  return Math.max(0, ...labels(data.events, xs, 0, width).map(({ lane }) => lane + 1));
}

/** Return the events: a dashed line at their moment, their title on a flag above; flags without room lose their title. */
export function eventSeries(data) {
  const places = data.events.map((event) => placeOf(event, data.points));
  return {
    id: "events", type: "custom", z: 6, clip: false, cursor: "pointer", tooltip: { show: false }, data: places.map(({ at }) => [at, 0]),
    renderItem: (params, api) => flag(data.events, places, params, api),
  };
}

function placeOf(event, points) {
  const moment = Date.parse(event.happened_at);
  const at = points.findIndex((point) => moment < Date.parse(point.end));
  const found = at < 0 ? points.length - 1 : at;
  const [start, end] = [Date.parse(points[found].start), Date.parse(points[found].end)];
  return { at: found, part: Math.min(1, Math.max(0, (moment - start) / (end - start))) };
}

function flag(events, places, params, api) {
  const { x: left, y: top, width } = params.coordSys;
  const step = api.size([1, 0])[0];
  const xs = places.map(({ at, part }) => api.coord([at, 0])[0] + (part - 0.5) * step);
  const label = labels(events, xs, left, width)[params.dataIndex];
  const x = xs[params.dataIndex];
  const colour = colours();
  const y = top - 10 - LANE_PX * label.lane;
  const pole = { type: "line", z2: 1, shape: { x1: x, y1: y, x2: x, y2: api.getHeight() - BELOW_PX }, style: { stroke: colour.warning, lineWidth: 1.5, lineDash: [3, 3] } };
  const knob = { type: "circle", z2: 2, shape: { cx: x, cy: y, r: 4 }, style: { fill: colour.warning } };
  return { type: "group", children: [pole, knob, ...(label.isShown ? [title(events[params.dataIndex].title, label, y, colour)] : [])] };
}

/** Return for each event the lane and the place of its title; lanes are taken in turn where titles would touch. */
function labels(events, xs, left, width) {
  const ends = new Array(MOST_LANES).fill(-Infinity);
  const widest = Math.min(MOST_LABEL_PX, width * 0.55);
  return events.map(({ title: words }, index) => {
    const wide = Math.min(widest, 20 + words.length * 6);
    const isLeft = xs[index] + wide > left + width;
    const from = isLeft ? xs[index] - wide - 4 : xs[index];
    const free = ends.findIndex((end) => end < from - 4);
    const lane = Math.max(0, free);
    ends[lane] = from + wide + 8;
    return { lane, isShown: free >= 0, wide, isLeft, x: xs[index] };
  });
}

function title(text, { x, wide, isLeft }, y, colour) {
  return {
    type: "text", z2: 3, x: isLeft ? x - 9 : x + 9, y,
    style: {
      text, width: wide - 12, overflow: "truncate", ellipsis: "…", align: isLeft ? "right" : "left", verticalAlign: "middle",
      fill: colour.text, backgroundColor: colour.surface, padding: [1, 3], borderRadius: 4, font: "500 12px Vazirmatn, system-ui, sans-serif",
    },
  };
}
