/** Why one stage moved: what changed it, which complaints grew, and what people say there. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { painsAsked } from "../../core/pains.js";
import { chanceNote, panel, toneOf } from "../../core/parts.js";
import { reasons } from "../../core/reasons.js";

const MOST_REASONS = 3;
const FEWEST_MENTIONS = 10;
const MOST_GROWN = 2;

/** Return the panel of what changed a stage; `limit`: how many pains the panel beside it asks for. */
export function whyPanel(page, t, stage, limit) {
  const pains = page.ask("pains", painsAsked({ stage, limit }));
  return panel(page, {
    title: t.why, answer: page.ask("drivers", { stage, by: "aspect" }), isEmpty: () => false,
    draw: (data) => {
      const shown = telling(data.drivers);
      return html`<p class="summary">${summaryOf(page, t, data, shown)}</p><ul class="sentences">${shown.map((one) => reason(page, one))}${grownOf(pains.data).map((cell) => grown(page, t, cell))}</ul>
        ${chanceNote(page, shown.some((one) => !one.significant))}`;
    },
  });
}

/** Return the panel of what people say at a stage. */
export function saidPanel(page, stage) {
  return panel(page, {
    title: page.words({ fa: "مردم این‌جا چه می‌گویند", en: "What people say here" }), wide: true, id: "stage-said",
    answer: page.ask("drivers", { stage, by: "aspect" }), isEmpty: () => false, draw: (data) => html`<h3 class="visually-hidden">${page.name("stage", stage)}</h3>${reasons(page, { stage }, { points: data.change })}`,
  });
}

/** Return the reasons worth telling: those beyond chance, or else the largest; never one that a handful made. */
export function telling(parts) {
  const isCounted = ({ n, n_before: before, significant }) => n >= FEWEST_MENTIONS || (significant && before >= FEWEST_MENTIONS);
  const bySize = parts.filter(isCounted).sort((one, other) => Math.abs(other.total) - Math.abs(one.total));
  const sure = bySize.filter(({ significant }) => significant);
  return (sure.length ? sure : bySize).slice(0, MOST_REASONS);
}

/** Where the whole moved beyond chance and no part did, the largest part is named for what it is. */
function summaryOf(page, t, data, shown) {
  const isSure = data.change_low > 0 || data.change_high < 0;
  if (!isSure || data.too_few || data.drivers.some(({ significant }) => significant)) return page.pick(data, "summary");
  const { points, pointsFine, count } = page.write;
  const moved = t.moved[data.change < 0 ? "fell" : "rose"](points(data.net_sentiment_before), points(data.net_sentiment), count(data.n));
  const largest = shown.find(({ total }) => total * data.change > 0);
  return largest ? `${moved} ${t.largestByChance(page.pick(largest, "label"), pointsFine(largest.total))}` : moved;
}

function reason(page, one) {
  return html`<li class=${one.significant ? `${toneOf(one.total)}-line` : ""}><a href=${page.messagesNamed(one.messages)}>${page.pick(one, "sentence")}</a></li>`;
}

function grownOf(data) {
  if (!data?.before_is_covered) return [];
  return data.cells.filter((cell) => cell.growth?.grew && cell.n_negative >= FEWEST_MENTIONS).slice(0, MOST_GROWN);
}

function grown(page, t, cell) {
  const [name, intent] = [page.name("aspect", cell.aspect), page.name("intent", cell.intent)];
  return html`<li class="bad-line"><a href=${page.messagesNamed(cell.feedback)}>${t.grownPain(name, intent, page.write.count(cell.n_negative_before), page.write.count(cell.n_negative))}</a></li>`;
}
