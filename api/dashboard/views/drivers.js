/** Aspects and drivers: where it got better or worse, what it is made of, where it hurts, in which words. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { aspectsPanel } from "./drivers/aspects.js";
import { changePanel } from "./drivers/change.js";
import { comparisonOf } from "./drivers/comparison.js";
import { mapPanel } from "./drivers/map.js";
import { painsPanel } from "./drivers/pains.js";
import { peoplePanel } from "./drivers/people.js";
import { newWordsPanel, wordsPanel } from "./drivers/phrases.js";
import { WORDS } from "./drivers/words.js";

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const other = comparisonOf(page);
  // A comparison that the service would refuse is not asked for: the panel says what is wrong with it.
  const compared = other.error ? null : page.ask("compare", { by: "aspect", ...other.asked });
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.drivers}</h1><p class="hint">${t.lead}</p></div>
    ${page.estimate === "adjusted" ? html`<p class="hint dr-raw">${t.rawOnly}</p>` : nothing}
    <div class="halves">${changePanel(page, t, { other, compared })}${other.error ? nothing : peoplePanel(page, t, other)}
      ${compared ? html`${aspectsPanel(page, t, compared)}${mapPanel(page, t, compared)}` : nothing}
      ${painsPanel(page, t)}${wordsPanel(page, t)}${newWordsPanel(page, t)}</div>`;
}
