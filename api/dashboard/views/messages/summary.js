/** Above the messages: how many, how they sound, which words set them apart, and all of them as a file. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { inside, netFigure, panel, sentimentBar } from "../../core/parts.js";
import { valuesOf } from "../../core/address.js";
import { asksForMentions, exactly, isNarrowed, narrowingOf } from "./question.js";

const PHRASES = 12;
const CELLS = ["hour", "weekday"];
const KINDS = ["negative", "neutral", "positive", "mixed"];

/** Return the panel. */
export function summary(page, t, asked) {
  // Only the first page counts; the question without a place in the list is the same whatever page is shown.
  const counted = page.ask("feedback", { ...asked, cursor: null, order: null, limit: asked.cursor || asked.order ? 1 : asked.limit });
  return panel(page, {
    title: t.summary, answer: counted, wide: true, id: "msg-summary", tools: files(page, t, asked), isEmpty: () => false,
    draw: (data) => html`<div class="msg-summary"><div><p class="big"><span class="figure"><span class="value">${page.write.count(data.n)}</span> <span class="n">${page.t.messagesUnit}</span></span></p>
      ${feelings(page, t, asked, data.n)}</div><div>${data.n > 0 ? phrases(page, t) : nothing}</div></div>`,
  });
}

/** Sentiment of all that was found: of mentions, or of whole messages where those are asked for. */
function feelings(page, t, asked, nMessages) {
  if (isOfHours(page, asked)) return feelingsOfHours(page, t, nMessages);
  if (isNarrowed(page) || asked.copies) return html`<p class="hint">${t.notCounted}</p>`;
  const isWhole = asked.unit === "messages";
  const answer = isWhole
    ? page.ask("breakdown", { by: "emotion", estimate: null, ...exactly(page) })
    : page.ask("trend", { bucket: "month", estimate: null, ...exactly(page) });
  return inside(page, { answer, isEmpty: (data) => data.n === 0, draw: (data) => {
    const told = isWhole ? summed(data) : data;
    return html`${asksForMentions(page, asked) ? both(page, t, told.n, nMessages) : nothing}
      ${isWhole || isOfOne(page) ? nothing : html`<p class="msg-net">${page.t.netSentiment} ${netFigure(page, told, null)}</p>`}${isOfOne(page) ? nothing : parts(page, told)}`;
  } });
}

/** Among mentions of one sentiment there is nothing to weigh. */
function isOfOne(page) {
  return valuesOf(page.query, "sentiment").length === 1;
}

/** Hours and weekdays alone are counted by an answer of their own, cell by cell. */
function isOfHours(page, asked) {
  const others = Object.keys(narrowingOf(page)).filter((name) => !CELLS.includes(name));
  return CELLS.some((name) => asked[name]) && others.length === 0 && !asked.unresolved && !asked.copies && !asked.unit && !exactly(page).from;
}

function feelingsOfHours(page, t, nMessages) {
  const { hour, weekday } = narrowingOf(page);
  const isAsked = (cell) => (hour?.includes(String(cell.hour)) ?? true) && (weekday?.includes(String(cell.weekday)) ?? true);
  return inside(page, { answer: page.ask("hours"), isEmpty: (data) => data.n === 0, draw: ({ cells }) => {
    const found = cells.filter(isAsked);
    const sum = (field) => found.reduce((total, cell) => total + cell[field], 0);
    const told = Object.fromEntries(["n", "n_negative", "n_neutral", "n_positive"].map((field) => [field, sum(field)]));
    return html`${both(page, t, told.n, nMessages)}${isOfOne(page) ? nothing : parts(page, told)}`;
  } });
}

function both(page, t, nMentions, nMessages) {
  return html`<p class="msg-both">${t.both(page.write.count(nMentions), page.write.count(nMessages))}</p>`;
}

function parts(page, told) {
  const hrefOf = (kind) => page.here({ sentiment: kind, cursor: null, limit: null, open: null });
  return html`${sentimentBar(page, told, hrefOf)}${legend(page, told, hrefOf)}`;
}

function summed(breakdown) {
  const sum = (field) => breakdown.groups.reduce((total, group) => total + group[field], 0);
  return Object.fromEntries(KINDS.map((kind) => [`n_${kind}`, sum(`n_${kind}`)]));
}

function legend(page, told, hrefOf) {
  return html`<ul class="msg-legend">${KINDS.filter((kind) => told[`n_${kind}`] > 0).map((kind) => html`<li>
    <a href=${hrefOf(kind)}><span class="dot ${kind}"></span>${page.name("sentiment", kind)} <b>${page.write.count(told[`n_${kind}`])}</b></a></li>`)}</ul>`;
}

/** Against the rest of the period; where nothing is filtered there is no rest, so against the period before. */
function phrases(page, t) {
  if (valuesOf(page.query, "sentiment").includes("mixed") || isNarrowed(page)) return nothing;
  const answer = page.ask("phrases", { against: page.isFiltered ? "rest" : "before", limit: PHRASES, ...exactly(page) });
  return html`<h3>${page.isFiltered ? t.phrases : t.phrasesBefore}</h3>${inside(page, {
    answer, isEmpty: () => false,
    draw: ({ more }) => more.length === 0 ? html`<p class="hint">${t.noPhrases}</p>` : html`<ul class="msg-phrases">${more.map((one) => html`<li>
      <a class="tag" href=${page.here({ q: `"${one.text}"`, cursor: null, limit: null, open: null })} title=${t.phraseHint(page.write.count(one.n))}><bdi>${one.text}</bdi> <small>${page.write.count(one.n)}</small></a></li>`)}</ul>`,
  })}`;
}

function files(page, t, asked) {
  const { unit, copies, unresolved } = asked;
  const names = { csv: "CSV", ndjson: "NDJSON", xlsx: "Excel" };
  return html`<span class="downloads"><small>${t.download}</small>${Object.entries(names).map(([format, name]) => html`<a
    href=${page.question("export", { unit, copies, unresolved, ...narrowingOf(page), ...exactly(page), format })} download aria-label="${page.t.download} ${name}">${name}</a>`)}</span>`;
}
