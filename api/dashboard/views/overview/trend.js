/** Net sentiment over time: the panel, the choice of pieces, the picture and the table beside it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices, downloads, estimateBadge, figure, netFigure, panel, picture, table } from "../../core/parts.js";
import { bucketFor } from "../../core/periods.js";
import { bucketsFor, daysOf, isWithin, nameOf, shownTrend } from "./buckets.js";
import { showEvent } from "./events.js";
import { askBefore, beforeColumn, beforeNote, compareChoice, withBefore } from "./trend-before.js";
import { isTold, trendOption } from "./trend-option.js";

/** Return the panel. */
export function trendPanel(page, t, trends) {
  const { bucket, answer } = shownTrend(trends);
  const before = askBefore(page, bucket);
  return panel(page, {
    id: "trend", title: t.trend, answer, wide: true,
    hint: page.t.netSentimentHint,
    tools: html`${estimateBadge(page, answer.data)}${compareChoice(page, t)}${bucketChoice(page, t, bucket)}${downloads(page, "trend", { bucket })}`,
    draw: (told) => {
      const data = withBefore(page, told, before);
      return html`${noteOf(page, t, bucket, data)}${beforeNote(t, before)}${trendPicture(page, t, bucket, data)}${legend(page, t, data)}`;
    },
  });
}

function bucketChoice(page, t, shown) {
  return choices(t.bucket, bucketsFor(page.period).map((id) => ({ name: t[id], href: page.here({ bucket: id }), chosen: id === shown })));
}

function noteOf(page, t, bucket, data) {
  if (!isTold(data.points)) return html`<p class="hint ov-note">${t.allFew}</p>`;
  const isCoarser = page.query.get("bucket") !== bucket && bucket !== bucketFor(page.period);
  return isCoarser ? html`<p class="hint ov-note">${t.coarser[bucket]}</p>` : nothing;
}

function trendPicture(page, t, bucket, data) {
  const at = (point, labels = {}) => page.messages({ ...daysOf(page, point), ...labels });
  return picture(page, {
    id: "trend", label: t.trendLabel, height: isTold(data.points) ? "25rem" : "13rem", option: trendOption(page, t, bucket, data),
    onPick: (picked) => pick(page, data, picked, at), rows: () => trendTable(page, t, bucket, data, at),
  });
}

/** An event leads to what came of it, a part of a bar to its sentiment, all else to the messages of its piece. */
function pick(page, data, picked, at) {
  if (picked.seriesId === "events") showEvent(data.events[picked.dataIndex].id);
  else if (picked.seriesId?.startsWith("n_")) page.actions.go(at(data.points[picked.dataIndex], { sentiment: picked.seriesId.slice(2) }));
  else if (picked.seriesId !== "band") page.actions.go(at(data.points[picked.dataIndex]));
}

function trendTable(page, t, bucket, data, at) {
  const within = (point) => data.events.filter((one) => isWithin(one, point));
  const eventColumn = { head: t.event, cell: (point) => within(point).map((one) => html`<a href=${`#event-${one.id}`} dir="auto">${one.title}</a> `) };
  return table(t.trend, [
    { head: t.when, cell: (point) => html`${nameOf(page, bucket, point)}${point.complete ? nothing : html` <small>(${page.t.incomplete})</small>`}` },
    { head: page.t.netSentiment, cell: (point) => netFigure(page, point, at(point)), numeric: true },
    ...beforeColumn(page, data),
    ...["negative", "neutral", "positive"].map((kind) => ({
      head: page.t[kind], numeric: true,
      cell: (point) => figure(page, { value: point[`n_${kind}`], write: page.write.count, href: at(point, { sentiment: kind }) }),
    })),
    ...(data.events.length ? [eventColumn] : []),
  ], data.points);
}

function legend(page, t, data) {
  const has = (test) => data.points.some(test);
  const items = [
    ["line", page.t.netSentiment, isTold(data.points)], ["before", page.t.before, Boolean(data.before?.some((point) => point && !point.too_few))], ["band", t.band, isTold(data.points)], ["negative", page.t.negative, true], ["neutral", page.t.neutral, true],
    ["positive", page.t.positive, true], ["event", t.event, data.events.length > 0], ["open", t.open, has((point) => !point.complete && point.n > 0)],
    ["gap", t.gap, has((point) => point.too_few)],
  ];
  return html`<ul class="ov-legend">${items.filter(([, , isShown]) => isShown).map(([kind, name]) => html`<li><i class="ov-swatch ${kind}"></i>${name}</li>`)}<li>${t.clickHint}</li></ul>`;
}
