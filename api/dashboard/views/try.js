/** Try it: a text of one's own, its mentions, and how sure the model is of each label. Nothing is stored. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { refusal } from "../core/parts.js";
import { Refused } from "../core/service.js";
import { result } from "./try/result.js";
import { EXAMPLES, WORDS } from "./try/words.js";

// What is tried is private and may be long, so it stands here and not in the address.
let text = "";
let asked = { number: 0, status: "nothing" };

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.try}</h1></div>
    <section class="panel try-form" aria-label=${t.label}>${form(page, t)} ${examples(page, t)}</section>
    <div class="try-result" aria-live="polite" aria-busy=${asked.status === "loading"}>${answer(page, t)}</div>`;
}

function form(page, t) {
  const n = Array.from(text).length;
  return html`<form @submit=${(event) => submit(event, page)}>
    <label for="tried">${t.label}</label>
    <textarea id="tried" dir="auto" rows="4" placeholder=${t.placeholder} spellcheck="false" .value=${text} aria-describedby="tried-hint"
      @input=${(event) => write(page, event.target.value)} @keydown=${(event) => submitOnEnter(event, page)}></textarea>
    <div class="try-foot"><p class="hint" id="tried-hint">${t.notStored} <span class="only-desk">${t.keys}</span></p>
      <span class="hint">${n ? t.characters(page.write.count(n)) : nothing}</span>
      <button class="primary" type="submit" ?disabled=${asked.status === "loading"}>${asked.status === "loading" ? t.busy : t.go}</button></div></form>`;
}

function examples(page, t) {
  return html`<h2>${t.examples}</h2><ul class="examples">${EXAMPLES.map((one) => html`<li><button type="button" dir="auto" @click=${() => take(page, one)}>${one}</button></li>`)}</ul>`;
}

function answer(page, t) {
  if (asked.status === "empty") return html`<p class="panel" role="alert">${t.empty}</p>`;
  if (asked.status === "failed") return html`<div class="panel">${refused(page, t)}</div>`;
  if (asked.status === "loading" && !asked.data) return html`<div class="panel"><div class="loading"><span class="visually-hidden">${page.t.loading}</span></div></div>`;
  return asked.data ? result(page, t, { ...asked, isStale: asked.data.text !== text && asked.status === "ready" }) : nothing;
}

function refused(page, t) {
  const { error } = asked;
  const known = error instanceof Refused ? { 429: t.tooMany, 413: t.tooLong }[error.status] : null;
  if (known) return html`<div class="refused" role="alert"><p>${known}</p></div>`;
  return refusal({ t: page.t, answers: { forget: () => analyze(page) } }, error);
}

function write(page, written) {
  text = written;
  page.actions.redraw();
}

function take(page, example) {
  text = example;
  analyze(page);
}

function submit(event, page) {
  event.preventDefault();
  analyze(page);
}

function submitOnEnter(event, page) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event, page);
}

async function analyze(page) {
  const number = asked.number + 1;
  if (!text.trim()) return show(page, { number, status: "empty" });
  show(page, { ...asked, number, status: "loading", error: null });
  const started = performance.now();
  try {
    const { results } = await page.answers.send("POST", "/v1/analyze", { text });
    if (number === asked.number) show(page, { number, status: "ready", data: results[0], ms: performance.now() - started });
  } catch (error) {
    if (number === asked.number) show(page, { number, status: "failed", error });
  }
}

function show(page, next) {
  asked = next;
  page.actions.redraw();
}
