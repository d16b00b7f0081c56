/** What is said of one brand and not of the others. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { downloads, panel } from "../../core/parts.js";
import { inOrder } from "./pair.js";

const ASKED = { phrases: 12 };

/** Return the panel; its answer reads texts and comes later than the figures. */
export function wordsPanel(page, t) {
  return panel(page, {
    id: "words", title: t.words, hint: t.wordsHint, wide: true, answer: page.ask("brands", ASKED), tools: downloads(page, "brands", ASKED),
    draw: (data) => html`<div class="br-columns">${inOrder(page, data.brands).map((one) => column(page, t, one))}</div>`,
  });
}

function column(page, t, { brand, says }) {
  return html`<section><h3><bdi>${brand}</bdi></h3>${says.length === 0 ? html`<p class="hint">${t.noWords}</p>`
    : html`<ul class="br-words">${says.map((words) => html`<li><a href=${page.messages({ brand, q: `"${words}"` })}><bdi>${words}</bdi></a></li>`)}</ul>`}</section>`;
}
