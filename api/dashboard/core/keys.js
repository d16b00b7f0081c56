/** Keys for periods and views: a list of them behind "?", by their place on the keyboard, so that Persian and English layouts agree. */

import { html } from "../vendor/lit-html/lit-html.js";

const PERIODS = { KeyW: "7d", KeyM: "30d", KeyQ: "90d", KeyY: "365d", KeyA: "all" };
const OFF = "keys-off";
const TYPING = "input, textarea, select, [contenteditable], dialog";

/** Return the list as a dialog, closed until it is asked for; there the keys can be turned off, too. */
export function keysDialog(page, views) {
  const { t } = page;
  const line = (keys, name) => html`<div><dt><kbd>${keys}</kbd></dt><dd>${name}</dd></div>`;
  return html`<dialog class="keys" aria-labelledby="keys-title"><h2 id="keys-title">${t.keys}</h2>
    <dl>${line("?", t.keysList)}${line("/", t.search)}${Object.entries(PERIODS).map(([code, id]) => line(code.slice(3), `${t.period}: ${t[id]}`))}
      ${Object.keys(views).map((id, at) => (keyOf(at) ? line(keyOf(at), t[id]) : ""))}</dl>
    <label><input type="checkbox" .checked=${!localStorage.getItem(OFF)} @change=${turn}> ${t.keysOn}</label>
    <form method="dialog"><button class="primary" autofocus>${t.close}</button></form></dialog>`;
}

/** Show the list. */
export function showKeys() {
  document.querySelector("dialog.keys")?.showModal();
}

/**
 * Do what a key stands for; nothing while somebody types, or where keys were turned off.
 * @param {KeyboardEvent} event
 * @param {import("./page.js").Page} page As it is shown.
 * @param {object} views In the order of the menu.
 */
export function pressed(event, page, views) {
  const isOurs = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  if (!isOurs || event.target.closest?.(TYPING)) return;
  const does = actionOf(event, page, views);
  if (!does || (localStorage.getItem(OFF) && does !== showKeys)) return;
  event.preventDefault();
  does();
}

function actionOf({ code, shiftKey }, page, views) {
  if (code === "Slash") return shiftKey ? showKeys : focusSearch;
  if (shiftKey) return null;
  if (PERIODS[code] && views[page.view]?.filtered) return () => page.actions.go(page.here({ period: PERIODS[code], from: null, to: null, cursor: null }));
  const id = Object.keys(views).find((_, at) => keyOf(at) && code === `Digit${keyOf(at)}`);
  return id ? () => page.actions.go(page.address(id)) : null;
}

/** Ten views have a digit: 1 to 9, then 0. */
function keyOf(at) {
  return at < 10 ? String((at + 1) % 10) : null;
}

function focusSearch() {
  document.querySelector(".filter-bar input[type=search]")?.focus();
}

function turn({ target }) {
  if (target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}
