/** The map itself: one column for each stage, in reading direction, and the curve over them; a list on a phone. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { areaOf, curveThrough, pathOf, placeOf, scaleOf } from "./curve.js";
import { stop } from "./stop.js";

const HEIGHT = 100;

/**
 * Return the map.
 * @param {import("../../core/page.js").Page} page
 * @param {object} t Words.
 * @param {Array<object>} stages Of `/v1/journey`, in order.
 * @param {{emotions: Map<string, object>, pains: Map<string, object[]>, focus: string | null, coversBefore?: boolean}} told
 */
export function journeyMap(page, t, stages, told) {
  const scale = scaleOf(stages);
  const now = curveThrough(stages.map((one) => one.net_sentiment));
  const before = curveThrough(stages.map((one) => one.net_sentiment_before));
  const most = Math.max(...stages.map(({ n }) => n), 1);
  return html`${legend(page, t, told)}<div class="map-frame"><div class="journey-map" .style=${`--stops:${stages.length};--zero:${(placeOf(0, scale) * 100).toFixed(1)}%`}>
    ${sky(page, t, { now, before, scale, n: stages.length })}
    ${bands(t)}
    <ol>${stages.map((one, at) => stop(page, t, one, {
      ...told, at, scale, most, toNext: { now: now[at] ?? null, before: before[at] ?? null },
    }))}</ol></div></div>`;
}

/** What lies behind all columns: the good and the bad half, and the two curves. */
function sky(page, t, { now, before, scale, n }) {
  const place = (position, value) => [(position + 0.5) * 100, (1 - placeOf(value, scale)) * HEIGHT];
  return html`<div class="map-sky" aria-hidden="true">
    <span class="zero"></span><span class="pole good-pole">${t.good}</span><span class="pole bad-pole">${t.bad}</span>
    <svg viewBox=${`0 0 ${n * 100} ${HEIGHT}`} preserveAspectRatio="none">
      <defs>${feelings("journey-sky", place(0, 0)[1] / HEIGHT)}</defs>
      <path class="area" d=${areaOf(now, place)} />
      <path class="before" d=${pathOf(before, place)} />
      <path class="now" d=${pathOf(now, place)} stroke="url(#journey-sky)" />
    </svg></div>`;
}

/** A gradient from good above over nothing at zero to bad below. */
function feelings(id, zero) {
  const at = (place) => `${(Math.min(1, Math.max(0, place)) * 100).toFixed(1)}%`;
  return svg`<linearGradient id=${id} gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2=${HEIGHT}>
    <stop class="stop-good" offset=${at(zero - 0.4)} /><stop class="stop-even" offset=${at(zero)} /><stop class="stop-bad" offset=${at(zero + 0.5)} /></linearGradient>`;
}

/** Names of the rows, once for all columns; each column says them again to those who listen. */
function bands(t) {
  return html`<div class="map-bands" aria-hidden="true">${[["feel", t.feel], ["want", t.want], ["about", t.about], ["pain", t.pains]].map(([row, name]) =>
    html`<span class="map-band ${row}">${name}</span>`)}</div>`;
}

function legend(page, t, { focus }) {
  return html`<ul class="map-legend hint"><li><span class="map-key map-key-now"></span>${t.now}</li><li><span class="map-key map-key-before"></span>${page.t.before}</li>
    <li><span class="map-key map-key-whisker"></span>${t.whisker}</li><li><span class="map-key map-key-size"></span>${t.size}</li>${focus ? nothing : html`<li class="choose">${t.choose}</li>`}</ul>`;
}

/** Return what was said of no stage, apart from the path. */
export function quietStage(page, t, told) {
  const net = told.net_sentiment === null ? nothing : html` · ${page.t.netSentiment} <bdi>${page.write.points(told.net_sentiment)}</bdi>
    (<bdi>${page.write.points(told.net_sentiment_low)}</bdi> ${page.t.between} <bdi>${page.write.points(told.net_sentiment_high)}</bdi>)`;
  return html`<p class="quiet-stage"><a href=${page.messages({ stage: told.stage })}><b>${page.name("stage", told.stage)}</b> ${page.write.count(told.n)} ${page.t.mentions} (${page.write.percent(told.share)})${net}</a>
    <span class="hint">${t.quietHint}</span></p>`;
}
