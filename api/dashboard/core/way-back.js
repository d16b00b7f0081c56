/** The way back from a panel that a link of another view led to: the address says from where one came. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";

const VIEWS = ["support"];

/** Return what a link adds to an address, so that the panel it leads to can lead back. */
export function cameFrom(view) {
  return { via: view };
}

/** Return the link back to where one came from, with period and filters as they are now; nothing where nobody did. */
export function linkBack(page) {
  const from = page.query.get("via");
  return VIEWS.includes(from) ? html`<a class="way-back" href=${page.address(from)}>${page.t.backToView(page.t[from])}</a>` : nothing;
}
