/** What a customer said: words with their mentions marked, scores, and the way to the message where it came from. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { cut } from "../../core/text.js";

const WORDS = {
  fa: {
    wordless: "بدون متن", outOf: "از", open: "باز کردن در میز کمک", newTab: "در زبانه‌ی تازه",
    statuses: { new: "تازه", open: "باز", pending: "در انتظار", hold: "نگه‌داشته", solved: "حل‌شده", resolved: "حل‌شده", closed: "بسته", unsolved: "حل‌نشده" },
  },
  en: {
    wordless: "No words", outOf: "of", open: "Open in the help desk", newTab: "in a new tab",
    statuses: { new: "new", open: "open", pending: "pending", hold: "on hold", solved: "solved", resolved: "resolved", closed: "closed", unsolved: "unsolved" },
  },
};

/** Return a message's text; mentions wear the colour of their sentiment and say their labels. */
export function saidText(page, { text, mentions }) {
  if (!text) return html`<p class="said-text hint">${page.words(WORDS).wordless}</p>`;
  return html`<p class="said-text" dir="auto">${cut(text, mentions).map(({ text: piece, mention }) => (mention
    ? html`<mark class="mark ${mention.sentiment}" title=${labelsOf(page, mention)}>${piece}</mark>` : piece))}</p>`;
}

function labelsOf(page, mention) {
  return ["sentiment", "stage", "intent", "aspect"].map((kind) => page.name(kind, mention[kind])).join(" · ");
}

/** Return the stages that a message speaks of, each once, those that are told apart by nobody left out. */
export function stagesOf(mentions) {
  return [...new Set(mentions.map((mention) => mention.stage))].filter((stage) => stage !== "none");
}

/** Return the scores that came with a message. */
export function scores(page, { rating, nps, csat, ces }) {
  const { outOf } = page.words(WORDS);
  const given = [
    rating && `★ ${page.write.decimal(rating.value)} ${outOf} ${page.write.decimal(rating.highest)}`,
    nps !== null && nps !== undefined && `NPS ${page.write.decimal(nps)} ${outOf} ${page.write.count(10)}`,
    csat !== null && csat !== undefined && `CSAT ${page.write.decimal(csat)}`,
    ces !== null && ces !== undefined && `CES ${page.write.decimal(ces)}`,
  ].filter(Boolean);
  return given.map((one) => html`<span class="tag score">${one}</span>`);
}

/** Return the word for a status; what is not a usual one is shown as the source has it. */
export function statusWord(page, status) {
  return page.words(WORDS).statuses[status] ?? status;
}

/** Return a link to the message in its own system; without one, nothing. Only http and https are followed. */
export function permalink(page, { permalink: address }) {
  const t = page.words(WORDS);
  if (!/^https?:\/\//i.test(address ?? "")) return nothing;
  return html`<a class="permalink" href=${address} target="_blank" rel="noopener noreferrer">${t.open}<span class="visually-hidden"> (${t.newTab})</span> ↗</a>`;
}

/** Return a customer's pseudonym, short enough to read. */
export function shortKey(key) {
  return html`<bdi class="customer-key" dir="ltr" translate="no">${key.slice(0, 8)}</bdi>`;
}
