/** Setting a mention right in its place, or confirming it, and taking that back. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { Refused } from "../../core/service.js";
import { HEADS, addressOfMention, nameOf } from "./question.js";

/** What is being chosen for the mention that is open. */
let draft = { of: null, labels: {}, isSending: false, refusal: null };
/** What was done last, so that it can be taken back also when the message left the list. */
let done = null;

/** Return the form. */
export function correction(page, t, message, mention) {
  const mine = draftOf(nameOf(message, mention));
  const changed = HEADS.filter((head) => (mine.labels[head] ?? mention[head]) !== mention[head]);
  const send = (event) => {
    event.preventDefault();
    const chosen = changed.length ? changed.map((head) => [head, mine.labels[head]]) : HEADS.map((head) => [head, mention[head]]);
    write(page, t, { message, mention, method: "PATCH", body: Object.fromEntries(chosen), said: changed.length ? t.saved : t.confirmedNow });
  };
  return html`<form class="msg-correct" @submit=${send}><h4>${t.correct}</h4><p class="hint">${t.correctHint}</p>
    <div class="msg-selects">${HEADS.map((head) => choice(page, mine, mention, head))}</div>
    ${mine.refusal ? html`<p class="msg-refused" role="alert">${mine.refusal}</p>` : nothing}
    <p class="msg-buttons"><button class="primary" ?disabled=${mine.isSending}>${changed.length ? t.save : t.confirm}</button>
      ${mention.corrected ? html`<button type="button" ?disabled=${mine.isSending} @click=${() => write(page, t, { message, mention, method: "DELETE", said: t.undone })}>${t.undo}</button>` : nothing}</p></form>`;
}

/** Return what was done last with a button to take it back; nothing where nothing was done, or by somebody else. */
export function lastDone(page, t) {
  if (done?.session !== page.session) return nothing;
  const { message, mention, said, isUndone } = done;
  const undo = () => write(page, t, { message, mention, method: "DELETE", said: t.undone });
  const dismiss = () => {
    done = null;
    page.actions.redraw();
  };
  return html`<div class="msg-done"><span>${said} <q dir="auto">${mention.text.slice(0, 80)}</q></span>
    ${isUndone ? nothing : html`<button type="button" @click=${undo}>${t.undo}</button>`}<button type="button" aria-label=${page.t.close} @click=${dismiss}>×</button></div>`;
}

function draftOf(name) {
  if (draft.of !== name) draft = { of: name, labels: {}, isSending: false, refusal: null };
  return draft;
}

function choice(page, mine, mention, head) {
  const now = mine.labels[head] ?? mention[head];
  const pick = (event) => {
    mine.labels[head] = event.target.value;
    page.actions.redraw();
  };
  return html`<label><span>${page.t[head]}</span><select name=${head} @change=${pick}>${page.options.names[head].filter(({ id }) => id !== "mixed").map(({ id }) =>
    html`<option value=${id} .selected=${id === now}>${page.name(head, id)}</option>`)}</select></label>`;
}

async function write(page, t, { message, mention, method, body, said }) {
  const name = nameOf(message, mention);
  const mine = draft.of === name ? draft : { labels: {} };
  Object.assign(mine, { isSending: true, refusal: null });
  page.actions.redraw();
  try {
    const told = await page.answers.send(method, addressOfMention(message, mention), body, { "If-Match": mention.etag });
    done = { session: page.session, message, mention: { ...mention, etag: told.etag }, said, isUndone: method === "DELETE" };
    mine.labels = {};
    page.actions.say(said);
  } catch (error) {
    mine.refusal = refusalOf(t, error);
    if (error.status === 412) mine.labels = {};
    // Of a mention that is not open the form cannot tell it.
    if (page.query.get("open") !== name) done = { session: page.session, message, mention, said: mine.refusal, isUndone: true };
  }
  mine.isSending = false;
  page.answers.forget();
}

function refusalOf(t, error) {
  if (error instanceof Refused && error.status === 412) return t.conflict;
  if (error instanceof Refused && error.status === 404) return t.gone;
  return `${t.failed} ${error.message}`;
}
