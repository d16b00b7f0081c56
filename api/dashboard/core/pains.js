/** Where it hurts: always the negative mentions among all of a place, whatever sentiment is filtered for. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** Return parameters of `/v1/pains` for `page.ask` and `downloads`: it takes every filter but that of sentiment. */
export function painsAsked(params) {
  return { ...params, sentiment: null };
}

/** Return that these figures do not follow the filter of sentiment; nothing where none is set. */
export function painsNote(page) {
  return page.query.has("sentiment") ? html`<p class="hint pains-note">${page.t.painsUnfiltered}</p>` : nothing;
}
