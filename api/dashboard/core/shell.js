/** The frame of every view: where one can go, language, theme, who is signed in. */

import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { keysDialog, showKeys } from "./keys.js";

const ICONS = {
  overview: svg`<path d="M3 17l5-6 4 3 5-7 4 5M3 21h18"/>`,
  journey: svg`<circle cx="5" cy="18" r="2"/><circle cx="12" cy="8" r="2"/><circle cx="19" cy="14" r="2"/><path d="M6.300 16.400l4.500-6.700M13.700 9.500l3.700 3"/>`,
  intents: svg`<path d="M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z"/>`,
  drivers: svg`<path d="M4 20V10h4v10M10 14V6h4v8M16 18V4h4v14M2 20h20"/>`,
  brands: svg`<path d="M12 3v18M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z"/>`,
  messages: svg`<path d="M4 5h16v11H9l-5 4z"/><path d="M8 9h8M8 12h5"/>`,
  customers: svg`<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>`,
  asked: svg`<path d="M9 9a3 3 0 1 1 4 3c-1 .500-1 1-1 2M12 17.500v.500"/><circle cx="12" cy="12" r="9"/>`,
  support: svg`<path d="M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v5H4zM17 14h3v5h-3zM20 19c0 2-3 3-6 3"/>`,
  sources: svg`<ellipse cx="12" cy="5" rx="8" ry="3"/><path d="M4 5v14c0 1.700 3.600 3 8 3s8-1.300 8-3V5M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3"/>`,
  try: svg`<path d="M4 20l4-1L20 7l-3-3L5 16zM14 7l3 3"/>`,
};

function icon(id) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${ICONS[id]}</svg>`;
}

/**
 * Return the whole page.
 * @param {import("./page.js").Page} page
 * @param {{views: object, bar: unknown, body: unknown, said: string, isStillSignedIn: boolean}} parts `isStillSignedIn`: signing out failed.
 */
export function shell(page, { views, bar, body, said, isStillSignedIn }) {
  const { t } = page;
  const links = Object.keys(views).map((id) => html`<li><a href=${page.address(id)} aria-current=${page.view === id ? "page" : nothing}>${icon(id)}<span>${t[id]}</span></a></li>`);
  return html`<a class="skip" href="#content">${t.skip}</a>
    <header class="top"><a class="brand" href=${page.address("overview")}><img src="/assets/icon.svg" alt="" width="28" height="28"><b>${t.product}</b></a>
      <details class="drop menu"><summary>${t.menu}</summary><div class="box"><nav aria-label=${t.menu}><ul>${links}</ul></nav>${settings(page, isStillSignedIn)}</div></details></header>
    <aside class="side"><div class="stays"><nav aria-label=${t.menu}><ul>${links}</ul></nav>${settings(page, isStillSignedIn)}</div></aside>
    <main id="content" tabindex="-1">${bar}${body}</main>
    <div class="visually-hidden" role="status">${said}</div>${keysDialog(page, views)}`;
}

function settings(page, isStillSignedIn) {
  const { t, session } = page;
  return html`<div class="settings">
    <a href=${page.here({ lang: page.isRtl ? "en" : "fa" })} lang=${page.isRtl ? "en" : "fa"} @click=${turnLanguage}>${t.language}</a>
    <button type="button" class="keys-button" @click=${showKeys}>${t.keys}</button>
    <button type="button" @click=${() => turnTheme(page)}>${isDark() ? t.toLight : t.toDark}</button>
    ${session.signed_in ? html`<button type="button" @click=${page.actions.signOut}>${t.signOut} <bdi>${session.name}</bdi></button>${isStillSignedIn ? html`<p class="refused" role="alert">${t.stillSignedIn}</p>` : nothing}` : nothing}
    <p class="hint"><a href="/docs">API</a> · <bdi>${page.options.model_version}</bdi></p></div>`;
}

/** The language is part of the document, so the page is loaded anew. */
function turnLanguage(event) {
  event.preventDefault();
  event.stopPropagation();
  const target = event.currentTarget;
  localStorage.setItem("language", target.lang);
  location.assign(target.href);
}

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

function turnTheme(page) {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  page.actions.redraw();
}
