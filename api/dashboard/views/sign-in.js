/** Signing in: a key for a session. */

import { html } from "../vendor/lit-html/lit-html.js";

/** Return the form. */
export function draw({ t }) {
  return html`<main class="alone"><h1 tabindex="-1">${t.signIn}</h1></main>`;
}
