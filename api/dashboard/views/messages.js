/** Messages: what was said, word for word, with what the model made of it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { askOlder, olderOpen } from "../core/open.js";
import { panel } from "../core/parts.js";
import { card } from "./messages/card.js";
import { controls } from "./messages/controls.js";
import { lastDone } from "./messages/correct.js";
import { narrowingChips } from "./messages/narrowing.js";
import { askedOf, asksForMentions } from "./messages/question.js";
import { summary } from "./messages/summary.js";
import { WORDS } from "./messages/words.js";

const STEP = 50;
const MOST = 200;

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const asked = askedOf(page);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.messages}</h1></div>
    <div class="grid">${summary(page, t, asked)}</div>
    ${controls(page, t, asked)}${lastDone(page, t)}
    ${panel(page, { title: t.list, answer: page.ask("feedback", asked), id: "msg-list", draw: (data) => list(page, t, asked, data) })}`;
}

/** Return the chips of what only this view is filtered by. */
export function chips(page) {
  return narrowingChips(page, page.words(WORDS));
}

function list(page, t, asked, data) {
  const how = { asksForMentions: asksForMentions(page, asked) };
  return html`<ol class="msg-list">${data.items.map((message, at) => html`${at === data.n_angry ? html`<li class="msg-calm">${at === 0 ? t.noneAngry : t.calmFromHere}</li>` : nothing}<li>${card(page, t, message, how)}</li>`)}</ol>
    <p class="msg-end"><span class="hint">${data.n === null ? t.pageShown(page.write.count(data.items.length)) : t.shown(page.write.count(data.items.length), page.write.count(data.n))}</span>
    ${asked.cursor ? html`<a class="button" href=${page.here({ cursor: null, open: null })} @click=${toTop}>${t.first}</a>` : nothing}
    ${older(page, asked)} ${further(page, t, asked, data)}</p>`;
}

/** What is unresolved waits whatever the period: the list says what the period leaves out. */
function older(page, { limit: _, cursor, from, ...asked }) {
  if (!asked.unresolved || cursor || from) return nothing;
  const given = Object.entries(asked).filter(([, value]) => value !== null);
  return olderOpen(page, askOlder(page, Object.fromEntries(given)));
}

/** The newest have further pages; the angriest have one, which can be made longer. */
function further(page, t, asked, data) {
  if (data.next) return html`<a class="button" href=${page.here({ cursor: data.next, open: null })} @click=${toTop}>${t.next}</a>`;
  if (asked.order && data.n > data.items.length && asked.limit < MOST) {
    return html`<a class="button" href=${page.here({ limit: asked.limit < STEP ? STEP : Math.min(MOST, asked.limit + STEP), open: null })}>${t.more}</a>`;
  }
  return nothing;
}

function toTop() {
  setTimeout(() => document.getElementById("msg-list")?.scrollIntoView());
}
