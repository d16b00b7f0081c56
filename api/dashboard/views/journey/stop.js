/** One stage on the path: its place on the curve, its figures, and what is said there. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { askedAt } from "../../core/asks.js";
import { sentimentBar, toneOf } from "../../core/parts.js";
import { pathOf, placeOf } from "./curve.js";

const EMOTIONS = ["anger", "disappointment", "worry", "surprise", "joy"];
const N_LINES = 3;

/**
 * Return a stage as an item of the path.
 * @param {object} told The stage, of `/v1/journey`.
 * @param {object} about `at`: its position, `scale`, `most`: mentions of the fullest stage, `toNext`: the curves to the
 *   next stage, `emotions`, `pains`, `focus`.
 */
export function stop(page, t, told, about) {
  const isChosen = about.focus === told.stage;
  return html`<li class=${isChosen ? "stop chosen" : "stop"} data-stage=${told.stage}>
    ${heading(page, t, told, { isChosen, at: about.at })} ${place(page, t, told, about)} ${facts(page, t, told)}
    ${feelings(page, t, told, about.emotions.get(told.stage))}
    ${labels(page, t, { name: t.want, row: "want", kind: "intent", told, lines: told.top_intents, more: asks(page, t, told) })}
    ${labels(page, t, { name: t.about, row: "about", kind: "aspect", told, lines: told.top_aspects })}
    ${hurts(page, t, about.pains.get(told.stage) ?? [], about)}</li>`;
}

function heading(page, t, told, { isChosen, at }) {
  return html`<h3 class="milestone"><a href=${page.here({ focus: isChosen ? null : told.stage })} aria-current=${isChosen ? "step" : nothing}
    @click=${isChosen ? null : showDetails} title=${isChosen ? t.closeDetails : t.details(page.name("stage", told.stage))}>
    <span class="nth" aria-hidden="true">${page.write.plain(at + 1)}</span> <span>${page.name("stage", told.stage)}</span></a></h3>`;
}

/** The details lie under the map: whoever chooses a stage is taken there once they are drawn. */
export function showDetails() {
  setTimeout(() => {
    const details = document.getElementById("stage-details");
    details?.scrollIntoView({ block: "start" });
    details?.focus({ preventScroll: true });
  });
}

/** Where the stage lies on the curve: its interval, and a circle as large as its volume. */
function place(page, t, told, { scale, most, toNext, emotions }) {
  const at = (value) => `${(placeOf(value ?? 0, scale) * 100).toFixed(2)}%`;
  const places = `--at:${at(told.net_sentiment)};--low:${at(told.net_sentiment_low)};--high:${at(told.net_sentiment_high)};--size:${Math.sqrt(told.n / most).toFixed(3)}`;
  return html`<div class="stop-place" .style=${places}>${leg(toNext, scale)}
    ${told.too_few ? nothing : html`<span class="stop-whisker"></span>`}${circle(page, t, told)}${told.too_few || page.estimate === "adjusted" ? nothing : extremeOf(t, emotions.get(told.stage))}</div>`;
}

/** The curve to the next stage, where stages stand below each other. */
function leg(toNext, scale) {
  if (!toNext.now && !toNext.before) return nothing;
  const inLeg = (piece) => pathOf([piece], (position, value) => [placeOf(value, scale) * 100, (position - piece[0][0]) * 100]);
  return html`<svg class="map-leg" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
    ${toNext.before ? svg`<path class="before" d=${inLeg(toNext.before)} />` : nothing}
    ${toNext.now ? svg`<path class="now" d=${inLeg(toNext.now)} />` : nothing}</svg>`;
}

function circle(page, t, told) {
  const name = page.name("stage", told.stage);
  if (told.too_few) return html`<a class="stop-circle few" href=${page.messages({ stage: told.stage })} title=${page.t.tooFewHint} aria-label="${name}: ${page.t.tooFew}">?</a>`;
  const words = `${name}: ${page.t.netSentiment} ${page.write.points(told.net_sentiment)}`;
  const isSure = told.net_sentiment_low > 0 || told.net_sentiment_high < 0;
  return html`<a class="stop-circle ${isSure ? toneOf(told.net_sentiment) : ""}" href=${page.messages({ stage: told.stage })} aria-label=${words} title=${words}><bdi>${page.write.points(told.net_sentiment)}</bdi></a>`;
}

function extremeOf(t, feeling) {
  if (!feeling?.extreme) return nothing;
  return html`<span class="stop-extreme ${feeling.extreme}">${feeling.extreme === "high" ? t.peak : t.pit}</span>`;
}

function facts(page, t, told) {
  if (told.n === 0) return html`<div class="stop-facts"><span class="too-few">${t.noMentions}</span></div>`;
  const { write } = page;
  return html`<div class="stop-facts">
    <a class="stop-fact figure" href=${page.messages({ stage: told.stage })}>${told.too_few
      ? html`<span class="too-few" title=${page.t.tooFewHint}>${page.t.tooFew}</span>`
      : html`<span class="sure" title="${page.t.netSentiment}, ${page.t.interval}"><bdi>${write.points(told.net_sentiment_low)}</bdi> ${page.t.between} <bdi>${write.points(told.net_sentiment_high)}</bdi></span>`}
      <span class="n"><b>${write.count(told.n)}</b> ${page.t.mentions} · <span title="${page.t.interval}: ${write.percent(told.share_low)} ${page.t.between} ${write.percent(told.share_high)}">${write.percent(told.share)}</span></span></a>
    ${sentimentBar(page, told, (kind) => page.messages({ stage: told.stage, sentiment: kind }))}
    ${changeOf(page, t, told)}</div>`;
}

/** Return a stage's change against the period before, and whether it may be chance. */
export function changeOf(page, t, told) {
  if (told.change === null) return html`<span class="stop-change hint">${told.n_before ? page.t.tooFew : t.noBefore}</span>`;
  const { write } = page;
  const interval = `${t.changedTo}: ${write.points(told.net_sentiment_before)} ← ${write.points(told.net_sentiment)}; ${page.t.interval} ${write.points(told.change_low)} ${page.t.between} ${write.points(told.change_high)}`;
  return html`<span class="stop-change ${told.changed ? toneOf(told.change) : ""}" title=${interval}><b><span aria-hidden="true">${arrowOf(told.change)}</span> <bdi>${write.points(told.change)}</bdi></b>
    <small>${told.changed ? t.sure : t.unsure}</small></span>`;
}

function arrowOf(change) {
  if (Math.abs(change) < 0.5) return "＝";
  return change > 0 ? "▲" : "▼";
}

/** The shares of the emotions among the stage's messages, and the two that are felt most. */
function feelings(page, t, told, feeling) {
  const name = html`<h4>${t.feel}</h4>`;
  if (!feeling || feeling.n_messages === 0) return html`<div class="stop-row feel">${name}</div>`;
  const felt = EMOTIONS.map((label) => feeling.emotions.find((one) => one.label === label)).filter((one) => one?.n > 0);
  const rest = feeling.emotions.find((one) => one.label === "none")?.n ?? 0;
  const most = [...felt].sort((one, other) => other.n - one.n).slice(0, 2);
  const words = (one) => `${page.name("emotion", one.label)}: ${page.write.count(one.n)} ${page.t.messagesUnit}${one.share === null ? "" : ` (${page.write.percent(one.share)}; ${page.write.percent(one.share_low)} ${page.t.between} ${page.write.percent(one.share_high)})`}`;
  const href = (one) => page.messages({ stage: told.stage, emotion: one.label });
  return html`<div class="stop-row feel">${name}<span class="bar feeling-bar">${felt.map((one) => html`<a class="part ${one.label}" .style=${`flex-grow:${one.n}`} href=${href(one)} title=${words(one)} aria-label=${words(one)}></a>`)}
      ${rest ? html`<span class="part rest" .style=${`flex-grow:${rest}`} title="${t.noFeeling}: ${page.write.count(rest)}"></span>` : nothing}</span>
    <ul class="stop-lines">${most.map((one) => html`<li><a class="stop-line" href=${href(one)} title=${words(one)}><span><i class="feeling-dot ${one.label}" aria-hidden="true"></i>${page.name("emotion", one.label)}</span>
      <b>${one.share === null ? `${page.write.count(one.n)} ${page.t.messagesUnit}` : page.write.percent(one.share)}</b></a></li>`)}</ul></div>`;
}

function labels(page, t, { name, row, kind, told, lines, more = nothing }) {
  const words = (one) => `${page.name(kind, one.label)}: ${page.write.count(one.n)} ${page.t.mentions} (${page.write.percent(one.share_low)} ${page.t.between} ${page.write.percent(one.share_high)})`;
  return html`<div class="stop-row ${row}"><h4>${name}</h4><ul class="stop-lines">${[...lines].sort((one, other) => other.share - one.share).slice(0, N_LINES).map((one) => html`<li>
    <a class="stop-line shared" .style=${`--share:${(one.share * 100).toFixed(1)}%`} href=${page.messages({ stage: told.stage, [kind]: one.label })} title=${words(one)}>
      <span>${page.name(kind, one.label)}</span> <b>${told.too_few ? page.write.count(one.n) : page.write.percent(one.share)}</b></a></li>`)}</ul>${more}</div>`;
}

/** What exactly is asked for here is told by the view of intents. */
function asks(page, t, told) {
  if (told.n === 0) return nothing;
  return html`<a class="stop-asks" href=${askedAt(page, told.stage)} aria-label=${t.asksAt(page.name("stage", told.stage))}>${t.asksHere}</a>`;
}

function hurts(page, t, cells, { coversBefore }) {
  return html`<div class="stop-row pain"><h4>${t.pains}</h4>${cells.length === 0 ? html`<p class="hint">${t.noPain}</p>` : nothing}
    <ul class="stop-lines">${cells.slice(0, N_LINES).map((cell) => html`<li><a class="stop-line pained" href=${page.messagesNamed(cell.feedback)} title=${t.negatives(page.write.count(cell.n_negative))}>
      <span>${page.name("aspect", cell.aspect)} <small>${page.name("intent", cell.intent)}</small></span>
      <b>${page.write.count(cell.n_negative)}${coversBefore && cell.growth?.grew ? html` <span class="grew" title=${t.growth}>▲</span>` : nothing}</b></a></li>`)}</ul></div>`;
}
