/** Brands side by side: how much is said of each, how it is meant, where they differ, and what is said of one alone. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { inside, nothingFound } from "../core/parts.js";
import { differencesPanel } from "./brands/differences.js";
import { netPanel, sharePanel } from "./brands/figures.js";
import { inOrder, isolated, pairPicker } from "./brands/pair.js";
import { loneBrand, noBrand } from "./brands/teaching.js";
import { wordsPanel } from "./brands/phrases.js";
import { WORDS } from "./brands/words.js";

/** The aspect of what is said of nothing in particular: a difference there is true, but no reason. */
const VAGUE = "general";

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const answer = page.ask("brands", { phrases: 0 });
  const known = page.options.brands ?? [];
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.brands}</h1><p class="hint">${t.lead}</p>
      ${page.estimate === "adjusted" ? html`<p class="hint br-raw">${t.rawOnly}</p>` : nothing}</div>
    ${known.length > 1 ? pairPicker(page, t, answer.data) : nothing}
    ${known.length === 0 && answer.data ? noBrand(page, t) : inside(page, { answer, isEmpty: () => false, draw: (data) => (data.n_brands === 0 ? nothingFound(page, page.isFiltered ? undefined : t.noneHere) : body(page, t, data, answer)) })}`;
}

function body(page, t, data, answer) {
  if (data.n_brands === 1) return loneBrand(page, t, data);
  return html`<div class="br-top"><p class="br-lead">${isolated(page.pick(data, "sentence"), data.brands)}</p>${told(page, t, data)}
      ${data.n_without_brand ? html`<p class="hint"><a href=${page.messages({ brand: "" })}>${t.without(page.write.count(data.n_without_brand))}</a></p>` : nothing}
      ${data.n_brands > data.brands.length ? html`<p class="hint">${t.largestOnly(page.write.count(data.brands.length), page.write.count(data.n_brands))}</p>` : nothing}</div>
    <div class="halves">${differencesPanel(page, t, data, answer)}${sharePanel(page, t, data, answer)}${netPanel(page, t, data, answer)}${wordsPanel(page, t)}</div>`;
}

/** Of two brands: in what the first is most ahead and most behind; of more: who stands out. Only what is more than chance. */
function told(page, t, data) {
  const lines = data.brands.length === 2 ? ofPair(page, t, data) : ofMany(page, t, data);
  return html`<ul class="sentences">${lines.map(({ kind, words, href }) => html`<li class=${kind ?? nothing}>${href ? html`<a href=${href}>${isolated(words, data.brands)}</a>` : isolated(words, data.brands)}</li>`)}</ul>`;
}

function ofMany(page, t, data) {
  const apart = data.brands.filter((one) => one.versus_others.differs).sort((one, other) => other.versus_others.difference - one.versus_others.difference);
  const line = (one, kind) => ({
    kind, href: page.messages({ brand: one.brand }),
    words: t[kind === "good-line" ? "ahead" : "behind"](one.brand, page.write.points(one.net_sentiment), page.write.points(one.versus_others.difference)),
  });
  const best = apart.filter((one) => one.versus_others.difference > 0).slice(0, 1);
  const worst = apart.filter((one) => one.versus_others.difference < 0).slice(-1);
  return [...best.map((one) => line(one, "good-line")), ...worst.map((one) => line(one, "bad-line"))];
}

function ofPair(page, t, data) {
  const [first, second] = inOrder(page, data.brands);
  const apart = first.aspects.filter((part) => part.versus_others.differs);
  const parts = apart.filter((part) => part.label !== VAGUE);
  const vague = apart.find((part) => part.label === VAGUE)?.versus_others.difference ?? 0;
  const sorted = parts.sort((one, other) => other.versus_others.difference - one.versus_others.difference);
  const line = (part, kind) => ({
    kind, href: page.messages({ brand: first.brand, aspect: part.label }),
    words: t[kind === "good-line" ? "aheadIn" : "behindIn"]({
      first: first.brand, second: second.brand, part: page.name("aspect", part.label), points: page.write.points(Math.abs(part.versus_others.difference)).replace("+", ""),
    }),
  });
  const best = sorted.filter((part) => part.versus_others.difference > 0).slice(0, 1);
  const worst = sorted.filter((part) => part.versus_others.difference < 0).slice(-1);
  return [
    best.length ? line(best[0], "good-line") : { words: t.notAhead(first.brand, second.brand, vague > 0) },
    worst.length ? line(worst[0], "bad-line") : { words: t.notBehind(first.brand, second.brand, vague < 0) },
  ];
}
