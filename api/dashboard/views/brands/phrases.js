/** What is said of one brand and not of the others. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { downloads, panel } from "../../core/parts.js";
import { inOrder } from "./pair.js";

/** Of more than about 1,500 messages of a brand the service reads a sample of about so many. */
const SAMPLED = 1_400;
const ASKED = { phrases: 12 };

/** Return the panel; its answer reads texts and comes later than the figures. */
export function wordsPanel(page, t) {
  return panel(page, {
    id: "words", title: t.words, hint: t.wordsHint, wide: true, answer: page.ask("brands", ASKED), tools: downloads(page, "brands", ASKED),
    draw: (data) => html`<div class="br-columns">${inOrder(page, data.brands).map((one) => column(page, t, one))}</div>`,
  });
}

function column(page, t, { brand, phrases, n_read, n }) {
  const isSample = n_read >= SAMPLED;
  return html`<section data-brand=${brand}><h3><bdi>${brand}</bdi> <small class="hint">${isSample ? t.ofSample(page.write.count(n_read), page.write.count(n)) : t.ofRead(page.write.count(n_read))}</small></h3>${phrases.length === 0 ? html`<p class="hint">${t.noWords}</p>`
    : html`<ul class="br-words">${phrases.map((one) => phrase(page, one, isSample ? t.inAtLeast : t.inMessages))}</ul>`}</section>`;
}

/** Of a sample it is at least so many: the list behind the phrase holds all. */
function phrase(page, { text, n, share, share_low: low, share_high: high, feedback }, inMessages) {
  const { count, percent } = page.write;
  const counted = inMessages(count(n));
  const told = share === null ? counted : `${counted}${page.isRtl ? "،" : ","} ${percent(share)} (${percent(low)} ${page.t.between} ${percent(high)})`;
  return html`<li><a href=${page.messagesNamed(feedback)} title=${told}><bdi>${text}</bdi> <span class="n">${counted}</span></a></li>`;
}
