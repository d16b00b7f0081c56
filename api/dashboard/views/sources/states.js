/** The states of a source: an icon and a word for each, so that nobody has to tell colours apart. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";

/** What needs somebody comes first. */
export const STATES = ["failing", "silent", "never_ran", "disabled", "ok"];

const ICONS = {
  ok: svg`<circle cx="12" cy="12" r="9"/><path d="M8 12.500l2.700 2.700L16 9.500"/>`,
  silent: svg`<path d="M6 9.500a6 6 0 0 1 12 0c0 6 2 7.500 2 7.500H4s2-1.500 2-7.500M10 20.500h4M4 3l16 17"/>`,
  failing: svg`<path d="M12 3.500L2.500 20h19zM12 9.500v5M12 17.200v.300"/>`,
  never_ran: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>`,
  disabled: svg`<circle cx="12" cy="12" r="9"/><path d="M9.500 8.500v7M14.500 8.500v7"/>`,
};

/** Return the state as icon and word; `named: false`: the icon alone, where words stand beside it. */
export function badge(t, state, { named = true } = {}) {
  return html`<span class="state ${state}"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${ICONS[state]}</svg>${named ? html`<span>${t[state]}</span>` : nothing}</span>`;
}
