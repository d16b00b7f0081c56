/** What the model said of a text: the text with its mentions, each mention's labels, and the message as a whole. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { cut } from "../../core/text.js";

const SENTIMENTS = ["negative", "neutral", "positive", "mixed"];
const HEADS = ["stage", "intent", "aspect", "sentiment"];
const FIRST_SHOWN = 40;
let shownInFull = null;

/**
 * Return the answer.
 * @param {{data: object, ms: number, isStale: boolean}} answer `data` is one of the API's results.
 */
export function result(page, t, { data, ms, isStale }) {
  return html`${isStale ? html`<p class="hint stale">${t.stale}</p>` : nothing}<div class="try-answer">
    <section class="panel wide"><header><h2>${t.text}</h2><p class="hint">${t.found(page.write.count(data.mentions.length))}${ms === undefined ? nothing : html` · ${t.took(page.write.count(ms))}`} · <bdi>${data.model_version}</bdi></p></header>
      ${marked(page, data)}</section>
    ${whole(page, t, data)}
    <section class="mentions">${data.mentions.length ? mentions(page, t, data) : html`<p class="panel">${t.noMention}</p>`}</section></div>
    <p class="hint">${t.sureHint}</p>`;
}

/** Each mention has a number, so that text and labels are matched without colours. */
function marked(page, data) {
  const numbers = new Map(data.mentions.map((mention, at) => [mention, at + 1]));
  return html`<p class="tried" dir="auto" tabindex="0">${cut(data.text, data.mentions).map((piece) => (piece.mention
    ? html`<mark class="mark ${piece.mention.sentiment}"><sup aria-hidden="true">${page.write.count(numbers.get(piece.mention))}</sup>${piece.text}</mark>`
    : piece.text))}</p>`;
}

function mentions(page, t, { text, mentions: all }) {
  const direction = directionOf(text);
  const shown = shownInFull === all ? all : all.slice(0, FIRST_SHOWN);
  const showAll = () => {
    shownInFull = all;
    page.actions.redraw();
  };
  return html`<ol>${shown.map((mention, at) => html`<li class="panel mention ${mention.sentiment}">
      <p class="said"><b aria-hidden="true">${page.write.count(at + 1)}</b> <q dir=${direction}>${mention.text}</q></p>
      <dl>${HEADS.map((head) => label(page, t, { kind: head, id: mention[head], confidence: mention[`${head}_confidence`], level: mention.levels[head] }))}</dl></li>`)}</ol>
    ${shown.length < all.length ? html`<button type="button" @click=${showAll}>${t.showAll(page.write.count(all.length))}</button>` : nothing}`;
}

/** A part of a text runs as all of it does, also where it begins with a word of another script. */
function directionOf(text) {
  const [first = "ا"] = text.match(/\p{L}/u) ?? [];
  return /\p{Script=Arabic}|\p{Script=Hebrew}/u.test(first) ? "rtl" : "ltr";
}

function label(page, t, { kind, id, confidence, level }) {
  return html`<div class="label"><dt>${page.t[kind]}</dt><dd><span class=${kind === "sentiment" ? `tag ${id}` : "name"}>${page.name(kind, id)}</span>${sure(page, t, confidence, level)}</dd></div>`;
}

/** Return how sure the model is: a bar, the percentage, and the word that was measured for it. */
function sure(page, t, confidence, level) {
  return html`<span class="sureness ${level ?? ""}"><i class="gauge" aria-hidden="true"><i .style=${`inline-size:${Math.round(confidence * 100)}%`}></i></i>
    <span class="n"><bdi>${percent(page, t, confidence)}</bdi>${level ? html` · ${t.sure[level]}` : nothing}</span></span>`;
}

/** No model is certain, so what rounds to all of it is written as nearly all. */
function percent(page, t, share) {
  return share > 0.99 ? t.over(page.write.percent(0.99)) : page.write.percent(share);
}

function whole(page, t, data) {
  return html`<section class="panel whole"><header><h2>${t.whole}</h2></header>
    <dl>${label(page, t, { kind: "sentiment", id: data.sentiment, confidence: data.sentiment_probabilities[data.sentiment], level: data.levels.sentiment })}
      ${label(page, t, { kind: "emotion", id: data.emotion, confidence: data.emotion_confidence, level: data.levels.emotion })}
      <div class="label flags"><dt>${t.flags}</dt><dd>${data.flags.length ? data.flags.map((flag) => html`<span class="tag">${page.name("flag", flag)}</span> `) : html`<span class="hint">${t.noFlags}</span>`}</dd></div></dl>
    <h3>${t.probabilities}</h3>${probabilities(page, t, data.sentiment_probabilities)}</section>`;
}

function probabilities(page, t, told) {
  const some = SENTIMENTS.filter((kind) => told[kind] >= 0.0005);
  return html`<span class="bar" aria-hidden="true">${some.map((kind) => html`<i class="part ${kind}" .style=${`flex-grow:${told[kind]}`}></i>`)}</span>
    <ul class="legend">${SENTIMENTS.map((kind) => html`<li class=${kind}><span>${page.name("sentiment", kind)}</span> <bdi>${percent(page, t, told[kind])}</bdi></li>`)}</ul>`;
}
