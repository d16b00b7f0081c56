/** Signing in: a key for a session. What was typed is kept nowhere but in the field. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { Refused } from "../core/service.js";
import { WORDS } from "./sign-in/words.js";

let isShown = false;
let isBusy = false;
let told = null;

/**
 * Return the form.
 * @param {{answers: import("../core/service.js").Answers, start: () => Promise<void>, redraw: () => void, t: object}} given
 *   `start` opens the page once somebody is signed in; `t` are the page's own words.
 */
export function draw({ answers, start, redraw, t }) {
  const isRtl = document.documentElement.lang !== "en";
  const words = WORDS[isRtl ? "fa" : "en"];
  if (!document.getElementById("key")) requestAnimationFrame(() => document.getElementById("key")?.focus());
  document.title = `${t.signIn} · ${t.product}`;
  const submit = (event) => signIn(event, { answers, start, redraw });
  return html`<main class="alone sign-in"><section class="panel">
    <img src="/assets/icon.svg" alt="" width="44" height="44">
    <h1 tabindex="-1">${words.title}</h1><p class="lead">${words.lead}</p>
    <form method="post" novalidate @submit=${submit}>
      <input type="text" value=${t.product} autocomplete="username" hidden>
      ${field(words, redraw)} ${error(words, t)}
      <button class="primary" type="submit" ?disabled=${isBusy}>${isBusy ? words.busy : t.signIn}</button>
    </form>
    ${help(words)}
  </section>
  <p class="other"><a href=${withLanguage(isRtl ? "en" : "fa")} lang=${isRtl ? "en" : "fa"} @click=${turnLanguage}>${t.language}</a></p></main>`;
}

function field(words, redraw) {
  const turn = () => {
    isShown = !isShown;
    redraw();
    document.getElementById("key").focus();
  };
  return html`<label for="key">${words.key}</label>
    <span class="secret"><input id="key" type=${isShown ? "text" : "password"} dir="ltr" autocomplete="current-password" autocapitalize="off"
      spellcheck="false" maxlength="200" placeholder="bzk_…" aria-invalid=${told ? "true" : nothing} aria-describedby=${told ? "key-error" : nothing}>
    <button type="button" aria-pressed=${isShown} aria-controls="key" @click=${turn}>${isShown ? words.hide : words.show}</button></span>`;
}

function error(words, t) {
  return html`<p id="key-error" class="told" role="alert">${told ? html`<span dir="auto">${wordsOf(told, words, t)}</span>` : nothing}</p>`;
}

/** Return what went wrong, in the reader's language; the service itself says no more than that a key is wrong. */
function wordsOf(what, words, t) {
  if (what === "empty") return words.empty;
  if (!(what instanceof Refused)) return t.offline;
  if ([401, 422].includes(what.status)) return words.wrong;
  return what.status === 429 ? words.tooMany : what.message;
}

function help(words) {
  return html`<details><summary>${words.what}</summary><div>
    <p>${words.isKey}</p><p>${words.who}</p><pre dir="ltr" tabindex="0" aria-label=${words.command}><code>bazkhord keys add ${words.name}</code></pre>
    <p class="hint">${words.kept}</p></div></details>`;
}

async function signIn(event, { answers, start, redraw }) {
  event.preventDefault();
  const input = document.getElementById("key");
  const key = input.value.trim();
  if (isBusy) return;
  told = key ? null : "empty";
  isBusy = Boolean(key);
  redraw();
  if (key) await exchange(key, input, { answers, start });
  isBusy = false;
  redraw();
  if (told) focusOn(input);
}

async function exchange(key, input, { answers, start }) {
  try {
    await answers.send("POST", "/v1/session", { key });
    input.value = "";
    isShown = false;
    await start();
    focusOnHeading();
  } catch (error) {
    told = error;
  }
}

/** The heading is drawn anew once the view's module has come, so the focus is given more than once. */
async function focusOnHeading() {
  const until = performance.now() + 3000;
  while (performance.now() < until) {
    if (document.activeElement === document.body) document.querySelector("main h1")?.focus({ preventScroll: true });
    await new Promise(requestAnimationFrame);
  }
}

function focusOn(input) {
  input.focus();
  input.select();
}

function withLanguage(language) {
  const query = new URLSearchParams(location.search);
  query.set("lang", language);
  return `${location.pathname}?${query}`;
}

/** The language is part of the document, so the page is loaded anew. */
function turnLanguage(event) {
  event.preventDefault();
  event.stopPropagation();
  localStorage.setItem("language", event.currentTarget.lang);
  location.assign(event.currentTarget.href);
}
