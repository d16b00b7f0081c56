/** Which words carried a label: shaded in the text, the heaviest listed with what they weigh. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { inside } from "../../core/parts.js";
import { cut } from "../../core/text.js";

const LISTED = 5;
const SHADES = 4;
// Below this a word changes nothing that one would notice: two points of a hundred.
const NOTABLE = 0.02;

/** Return the answer to why a mention has its label. */
export function whyOf(page, message, mention, head) {
  return page.askPlain(`feedback/${message.id}/mentions/${mention.mention_id}/why?head=${head}`);
}

/** Return what that answer says. */
export function why(page, t, { message, mention, head, told }) {
  return html`<div class="msg-why" aria-busy=${told.status === "loading"}><h4>${t.why}</h4>
    ${inside(page, { answer: told, isEmpty: () => false, draw: (data) => carried(page, t, { message, mention, head, data }) })}</div>`;
}

function carried(page, t, { message, mention, head, data }) {
  const label = page.name(head, data.label);
  const heaviest = [...data.words].sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight)).slice(0, LISTED);
  const first = data.words.reduce((most, word) => (word.weight > (most?.weight ?? 0) ? word : most), null);
  const sentence = first && first.weight >= NOTABLE
    ? t.carried(isolated(first.text), page.write.count(Math.round(first.weight * 100)), label) : t.carriedTogether(label);
  return html`${data.label === mention[head] ? nothing : html`<p><b>${t.modelSaid(label)}</b></p>`}<p>${sentence}</p>
    <div class="msg-shaded" dir="auto" role="group" aria-label=${t.shaded} tabindex="0">${shaded(page, message.text, data.words)}</div>
    <ul class="msg-weights" aria-label=${t.weights}>${heaviest.filter((word) => Math.abs(word.weight) >= NOTABLE).map((word) => line(page, word, heaviest[0]))}</ul>
    <p class="hint">${t.whyHint}</p>`;
}

/** Text of customers within a sentence of ours keeps its own direction (FIRST STRONG ISOLATE … POP). */
function isolated(text) {
  return `\u2068${text.slice(0, 60)}\u2069`;
}

function shaded(page, text, words) {
  if (words.length === 0) return nothing;
  const most = Math.max(NOTABLE, ...words.map((word) => Math.abs(word.weight)));
  const [start, end] = [words[0].start, words.at(-1).end];
  const part = Array.from(text).slice(start, end).join("");
  const moved = words.map((word) => ({ ...word, start: word.start - start, end: word.end - start }));
  return cut(part, moved).map(({ text: piece, mention: word }) => word
    ? html`<span class=${`word ${shadeOf(word, most)}${word.in_mention ? "" : " around"}`} title=${page.write.points(word.weight * 100)}>${piece}</span>` : piece);
}

function shadeOf({ weight }, most) {
  if (Math.abs(weight) < NOTABLE / 2) return "";
  return `${weight > 0 ? "for" : "against"}-${Math.ceil((Math.abs(weight) / most) * SHADES)}`;
}

function line(page, word, heaviest) {
  const share = Math.abs(word.weight / heaviest.weight) * 100;
  return html`<li><bdi class="msg-word">${word.text.slice(0, 60)}</bdi><span class="msg-weight"><span class=${word.weight > 0 ? "for" : "against"} .style=${`inline-size:${share.toFixed(0)}%`}></span></span>
    <bdi class="numeric">${page.write.points(word.weight * 100)}</bdi></li>`;
}
