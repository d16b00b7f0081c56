/** journey: to be drawn. */

import { html } from "../vendor/lit-html/lit-html.js";

/** Return the view. */
export function draw(page) {
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.journey}</h1></div>`;
}
