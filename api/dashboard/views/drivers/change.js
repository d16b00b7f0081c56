/** The change of net sentiment as a whole, and the walk from one period to the other. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { chanceNote, choices, downloads, figure, panel, sureTone } from "../../core/parts.js";
import { valuesOf } from "../../core/address.js";
import { comparisonPicker, messagesBefore } from "./comparison.js";
import { extremes } from "./steps.js";
import { waterfall } from "./waterfall.js";

const SPLITS = ["stage", "aspect", "intent", "channel", "brand"];

/** Return the panel; `other` is the period that this one is compared with, `compared` the two periods' totals. */
export function changePanel(page, t, { other, compared }) {
  const by = splitOf(page);
  const asked = { by, ...other.asked };
  return panel(page, {
    id: "change", title: t.changeTitle, hint: t.changeHint, wide: true,
    answer: other.error ? { status: "ready", data: { n: 1, refused: true } } : page.ask("drivers", asked),
    tools: other.error ? nothing : downloads(page, "drivers", asked),
    draw: (data) => html`${comparisonPicker(page, t, other)}${other.error ? notComparable(page, t, other) : body(page, t, { data, by, compared })}`,
  });
}

/** Return by what the change is split: as the address says; where one stage alone is asked for, by aspect. */
export function splitOf(page) {
  const asked = page.query.get("by");
  if (SPLITS.includes(asked)) return asked;
  return valuesOf(page.query, "stage").length === 1 ? "aspect" : "stage";
}

function notComparable(page, t, other) {
  return html`<div class="nothing"><p>${t[other.error]}</p><p><a class="button" href=${page.here({ before_from: null, before_to: null })}>${t.backToBefore}</a></p></div>`;
}

function body(page, t, { data, by, compared }) {
  if (data.too_few) return tooFew(page, t, data);
  const named = (id) => ({ name: page.t[id], href: page.here({ by: id }), chosen: id === by });
  const isUseful = { channel: page.options.channels?.length > 1, brand: page.options.brands?.length > 1 };
  const splits = SPLITS.filter((id) => isUseful[id] !== false || id === by).map(named);
  return html`${ends(page, t, data, compared?.data?.total)}
    <p class="dr-lead">${page.pick(data, "summary")}</p>${told(page, t, data)}
    <div class="dr-split"><span class="hint">${t.splitBy}</span>${choices(t.splitBy, splits)}</div>${waterfall(page, t, data)}
    ${chanceNote(page, data.drivers.some((part) => !part.significant))}`;
}

/** A longer period may have nothing before it, a shorter one too few: both are offered. */
function tooFew(page, t, data) {
  const periods = ["7d", "30d", "90d", "last_month"].filter((id) => id !== page.period.preset);
  return html`<div class="nothing"><p>${page.pick(data, "summary")}</p><p class="hint">${t.tooFewChange} ${t.tryShorter}</p>
    <p class="dr-offers">${periods.map((id) => html`<a class="button" href=${page.here({ period: id, from: null, to: null })}>${page.t[id]}</a>`)}</p></div>`;
}

function ends(page, t, data, total) {
  const points = page.write.points;
  const change = { value: data.change, low: data.change_low, high: data.change_high, write: points, tone: sureTone(data.change, data.change_low, data.change_high) };
  const isSure = data.change_low > 0 || data.change_high < 0;
  return html`<dl class="dr-ends">
    <div><dt>${t.before}</dt><dd>${figure(page, { ...netOf(data, total, "_before"), n: data.n_before, write: points, href: messagesBefore(page, data) })}</dd></div>
    <div><dt>${t.now}</dt><dd>${figure(page, { ...netOf(data, total, ""), n: data.n, write: points, href: page.messages() })}</dd></div>
    <div><dt>${t.difference}</dt><dd>${figure(page, change)} <span class="tag ${isSure ? (data.change > 0 ? "positive" : "negative") : ""}">${isSure ? t.sure : t.byChance}</span></dd></div></dl>`;
}

/** The split tells both net sentiments without their intervals; those come with the comparison. */
function netOf(data, total, period) {
  const value = data[`net_sentiment${period}`];
  const [low, high] = ["low", "high"].map((end) => total?.[`net_sentiment${period}_${end}`]);
  return { value, low, high, tone: sureTone(value, low, high) };
}

function told(page, t, data) {
  const { worst, best } = extremes(data.drivers);
  const line = (part, title, kind) => html`<li class=${kind}><span class="hint">${title}</span> <a href=${page.messagesNamed(part.messages) ?? page.messages()}>${page.pick(part, "sentence")}</a></li>`;
  return html`<ul class="sentences">${worst ? line(worst, t.biggestDrop, "bad-line") : html`<li class="hint">${t.noDrop}</li>`}
    ${best ? line(best, t.biggestRise, "good-line") : nothing}</ul>`;
}
