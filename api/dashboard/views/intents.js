/** Intents: what people want at each stage, what exactly they ask for there, and when they write. */

import { html } from "../vendor/lit-html/lit-html.js";
import { askedPanel } from "./intents/asked.js";
import { heatPanel } from "./intents/heat.js";
import { hoursPanel } from "./intents/hours.js";
import { rankingPanel } from "./intents/ranking.js";
import { WORDS } from "./intents/words.js";

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.intents}</h1></div>
    <div class="grid">${heatPanel(page, t)}${askedPanel(page, t)}${rankingPanel(page, t)}${hoursPanel(page, t)}</div>`;
}
