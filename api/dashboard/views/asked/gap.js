/** The gap: net sentiment of what those who answered say unasked, beside that of all others. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { netFigure } from "../../core/parts.js";
import { gapNote } from "./notes.js";

/** Return the half of a measure that nobody asked for: two dots on one line, their figures, and the sentence. */
export function drawGap(page, t, measure) {
  const hrefs = { same: page.messages({ source: measure.sources }), others: page.messages() };
  return html`<section class="asked-half"><h3>${measure.measure === "rating" ? t.starless : t.unasked} <small>${t.unaskedHint}</small></h3>${plot(page, measure, scaleOf(measure))}
    <dl class="asked-pair">${["same", "others"].map((side) => html`<div><dt><span class="asked-dot is-${side}" aria-hidden="true"></span>${measure.measure === "rating" && side === "same" ? t.starGivers : t[side]}</dt>
      <dd>${netFigure(page, sideOf(measure, side), hrefs[side])}</dd></div>`)}
      ${measure.difference === null ? nothing : html`<div><dt>${t.difference}</dt><dd>${differenceOf(page, t, measure)}</dd></div>`}
      ${hasScore(measure) ? html`<div><dt><span class="asked-dot is-score" aria-hidden="true"></span>${t.score}</dt><dd class="hint">${t.scoreHint}</dd></div>` : nothing}</dl>
    ${gapNote(page, t, measure)}<p class="asked-sentence">${page.pick(measure, "sentence")}</p></section>`;
}

/** NPS is a share less a share, as net sentiment is: it can stand on the same line. */
function hasScore({ measure, score }) {
  return measure === "nps" && score !== null;
}

function sideOf(measure, side) {
  const value = (suffix) => measure[`net_sentiment_${side}${suffix}`];
  return { n: measure[`n_mentions_${side}`], net_sentiment: value(""), net_sentiment_low: value("_low"), net_sentiment_high: value("_high") };
}

function differenceOf(page, t, { difference, difference_low: low, difference_high: high }) {
  return html`<span class="figure"><span class="value"><bdi>${page.write.points(difference)}</bdi></span>
    <span class="sure"><bdi>${page.write.points(low)}</bdi> ${page.t.between} <bdi>${page.write.points(high)}</bdi></span> <span class="n">${t.points}</span></span>`;
}

/** The figures stand below as words and links; the drawing repeats them. Small numbers are left in both languages. */
function plot(page, measure, scale) {
  if (measure.net_sentiment_same === null && measure.net_sentiment_others === null) return nothing;
  const marks = [["others", sideOf(measure, "others")], ["same", sideOf(measure, "same")]];
  if (hasScore(measure)) marks.push(["score", { net_sentiment: measure.score, net_sentiment_low: measure.score_low, net_sentiment_high: measure.score_high }]);
  return html`<div class="asked-plot" dir="ltr" aria-hidden="true">
    ${scale.ticks.map((tick) => html`<span class=${tick === 0 ? "asked-tick zero" : "asked-tick"} .style=${`left:${scale.at(tick)}%`}><span>${page.write.points(tick)}</span></span>`)}
    ${marks.filter(([, told]) => told.net_sentiment !== null).map(([side, told]) => mark(side, told, scale))}</div>`;
}

function mark(side, { net_sentiment: value, net_sentiment_low: low, net_sentiment_high: high }, scale) {
  return html`<span class="asked-lane is-${side}"><span class="asked-range" .style=${`left:${scale.at(low)}%;width:${scale.at(high) - scale.at(low)}%`}></span>
    <span class="asked-dot is-${side}" .style=${`left:${scale.at(value)}%`}></span></span>`;
}

/** Round ends around every interval and zero. */
function scaleOf(one) {
  const ends = [
    one.net_sentiment_same_low, one.net_sentiment_same_high, one.net_sentiment_others_low, one.net_sentiment_others_high,
    ...(hasScore(one) ? [one.score_low, one.score_high] : []),
  ].filter((end) => end !== null);
  const low = Math.max(-100, Math.floor((Math.min(0, ...ends) - 5) / 20) * 20);
  const high = Math.min(100, Math.ceil((Math.max(0, ...ends) + 5) / 20) * 20);
  const step = high - low > 100 ? 40 : 20;
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return { at: (value) => Math.round((1000 * (value - low)) / (high - low)) / 10, ticks };
}
