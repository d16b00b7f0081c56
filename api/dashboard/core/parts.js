/** What views are made of: panels with their states, figures with their interval, bars, tables. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import "./chart.js";

const shownAsTable = new Set();

/**
 * Return a panel around an answer; it says by itself when there is none yet, none at all, or a refusal.
 * @param {import("./page.js").Page} page
 * @param {{title: unknown, hint?: unknown, answer: object, draw: (data: any) => unknown,
 *   isEmpty?: (data: any) => boolean, tools?: unknown, wide?: boolean, id?: string}} panel
 */
export function panel(page, { title, hint, answer, draw, isEmpty = (data) => data.n === 0, tools, wide, id }) {
  return html`<section class=${wide ? "panel wide" : "panel"} id=${id ?? nothing} aria-busy=${answer.status === "loading"}>
    <header><h2>${title}</h2>${hint ? html`<p class="hint">${hint}</p>` : nothing}<div class="tools">${tools}</div></header>
    ${inside(page, { answer, draw, isEmpty })}
  </section>`;
}

/** Return what an answer shows: itself, that it is on its way, that nothing was found, or why it was refused. */
export function inside(page, { answer, draw, isEmpty = (data) => data.n === 0 }) {
  if (answer.status === "failed") return refusal(page, answer.error);
  if (!answer.data) return html`<div class="loading"><span class="visually-hidden">${page.t.loading}</span></div>`;
  if (isEmpty(answer.data)) return nothingFound(page);
  return draw(answer.data);
}

/** Return that no message fits, and what to do. */
export function nothingFound(page, said = page.isFiltered ? page.t.empty : page.t.emptyPeriod) {
  const isLonger = page.period.preset !== "all";
  const hint = !isLonger ? page.t.emptyHintFiltered : page.isFiltered ? page.t.emptyHint : page.t.emptyHintPeriod;
  return html`<div class="nothing"><p>${said}</p>${isLonger || page.isFiltered ? html`<p class="hint">${hint}</p>` : nothing}
    <p>${isLonger ? html`<a class="button" href=${page.here({ period: "all", from: null, to: null })}>${page.t.period}: ${page.t.all}</a>` : nothing}
    ${page.isFiltered ? html`<a class="button" href=${page.address(page.view, withoutFilters())}>${page.t.clearAll}</a>` : nothing}</p></div>`;
}

/** Return the changes of an address that take every filter away. */
export function withoutFilters() {
  const ofMessages = ["hour", "weekday", "queue", "scored", "score_from", "score_to", "case", "waited_h"];
  const names = ["source", "channel", "brand", "product", "segment", "stage", "intent", "aspect", "sentiment", "emotion", "flag", "q", ...ofMessages];
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Return why an answer did not come, in the service's own words. */
export function refusal(page, error) {
  const told = error.problem ? (error.problem.errors ?? []).map((one) => `${one.parameter}: ${one.detail}`) : [page.t.offline];
  return html`<div class="refused" role="alert"><p><b>${page.t.failed}.</b> <span dir="auto">${error.problem ? error.message : nothing}</span></p>
    ${told.map((line) => html`<p class="hint" dir="auto">${line}</p>`)}
    <button type="button" @click=${() => page.answers.forget()}>${page.t.retry}</button></div>`;
}

/**
 * Return a figure with its interval, one click from its messages.
 * @param {{value: number | null, low?: number | null, high?: number | null, n?: number, href?: string | null,
 *   write: (value: number) => string, tone?: string, unit?: string}} figure `value` null: too few to tell.
 */
export function figure(page, { value, low, high, n, href, write, tone, unit }) {
  const { t } = page;
  const told = value === null || value === undefined
    ? html`<span class="too-few" title=${t.tooFewHint}>${t.tooFew}</span>`
    : html`<span class="value ${tone ?? ""}"><bdi>${write(value)}</bdi></span>`;
  const sure = value !== null && value !== undefined && low !== null && low !== undefined
    ? html`<span class="sure" title=${t.interval}><bdi>${write(low)}</bdi> ${t.between} <bdi>${write(high)}</bdi></span>` : nothing;
  const count = n === undefined ? nothing : html`<span class="n">${page.write.count(n)} ${unit ?? t.mentions}</span>`;
  const body = html`${told} ${sure} ${count}`;
  return href ? html`<a class="figure" href=${href}>${body}</a>` : html`<span class="figure">${body}</span>`;
}

/** Return net sentiment as such a figure; `told` is anything of the API that has it. Of one sentiment alone it says nothing. */
export function netFigure(page, told, href, field = "net_sentiment") {
  if (page.query.has("sentiment")) return html`<span class="figure"><span class="too-few" title=${page.t.oneSentimentHint}>${page.t.oneSentiment}</span></span>`;
  const value = told[field];
  return figure(page, {
    value, low: told[`${field}_low`], high: told[`${field}_high`], n: told.n, href, write: page.write.points, tone: sureTone(value, told[`${field}_low`], told[`${field}_high`]),
  });
}

/** Return the class that colours a net sentiment or a change: good, bad, or neither. */
export function toneOf(points) {
  if (points === null || points === undefined || Math.abs(points) < 0.5) return "";
  return points > 0 ? "good" : "bad";
}

/** Return that class only where the interval leaves out zero: what may be chance has no colour. */
export function sureTone(points, low, high) {
  return low > 0 || high < 0 ? toneOf(points) : "";
}

/**
 * Return a bar of negative, neutral and positive mentions, each part one click from its messages.
 * @param {{n_negative: number, n_neutral: number, n_positive: number}} told
 * @param {(sentiment: string) => string} hrefOf Address of the messages of one sentiment.
 */
export function sentimentBar(page, told, hrefOf) {
  const kinds = ["negative", "neutral", "positive"];
  const n = kinds.reduce((sum, kind) => sum + told[`n_${kind}`], 0) || 1;
  return html`<span class="bar">${kinds.filter((kind) => told[`n_${kind}`] > 0).map((kind) => {
    const words = `${page.name("sentiment", kind)}: ${page.write.count(told[`n_${kind}`])} (${page.write.percent(told[`n_${kind}`] / n)})`;
    return html`<a class="part ${kind}" .style=${`flex-grow:${told[`n_${kind}`]}`} href=${hrefOf(kind)} title=${words} aria-label=${words}></a>`;
  })}</span>`;
}

/**
 * Return a table.
 * @param {Array<{head: unknown, cell: (row: any) => unknown, numeric?: boolean}>} columns The first heads its row.
 * @param {Array<object>} rows
 */
export function table(caption, columns, rows) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}><table><caption class="visually-hidden">${caption}</caption>
    <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.numeric ? "numeric" : ""}>${column.head}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map((column, at) => at === 0
      ? html`<th scope="row">${column.cell(row)}</th>`
      : html`<td class=${column.numeric ? "numeric" : ""}>${column.cell(row)}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Return a table that may be wider than its place; where it is, that is said above it. `isWide`: wider than most. */
export function scrolling(page, told, { isWide = false } = {}) {
  return html`<div class=${isWide ? "scrolling wide-scroll" : "scrolling"}><p class="hint scroll-hint">${page.t.scrollHint}</p>${told}</div>`;
}

/**
 * Return a picture that can be read as a table instead: by those who cannot see it, by keyboard, and on paper.
 * @param {{id: string, label: string, option: object, rows: () => unknown, height?: string, onPick?: Function}} picture
 *   `label` says what it shows; `rows` gives the table, whose figures lead to their messages.
 */
export function picture(page, { id, label, option, rows, height = "18rem", onPick }) {
  const isTable = shownAsTable.has(id);
  const turn = () => {
    if (!shownAsTable.delete(id)) shownAsTable.add(id);
    page.actions.redraw();
  };
  return html`<div class="picture"><button type="button" class="turn" aria-pressed=${isTable} @click=${turn}>${isTable ? page.t.asChart : page.t.asTable}</button>
    ${isTable ? rows() : html`<bz-chart label=${label} .option=${option} .onPick=${onPick ?? null} .style=${`block-size:${height}`}></bz-chart>`}</div>`;
}

/** Return links that save an answer as CSV and as an Excel file. */
export function downloads(page, route, params = {}) {
  const files = [["csv", "CSV"], ["xlsx", "Excel"]];
  return html`<span class="downloads">${files.map(([format, name]) => html`<a href=${page.question(route, { ...params, format })} download
    aria-label="${page.t.download} ${name}">${name}</a>`)}</span>`;
}

/** Return why something with an interval apart from zero may still be chance; nothing where nothing is marked so. */
export function chanceNote(page, isMarked) {
  return isMarked ? html`<p class="hint chance-note">${page.t.chanceHint}</p>` : nothing;
}

/** Return a row of choices of which one holds; each is an address. */
export function choices(label, options) {
  return html`<nav class="choices" aria-label=${label}>${options.map(({ name, href, chosen }) =>
    html`<a href=${href} aria-current=${chosen ? "true" : nothing}>${name}</a>`)}</nav>`;
}

/** Return what says of figures that they were corrected for the model's errors; nothing while they are raw. */
export function estimateBadge(page, told) {
  return told?.estimate === "adjusted" ? html`<span class="badge" title=${page.t.adjustedHint}>${page.t.adjusted}</span>` : nothing;
}
