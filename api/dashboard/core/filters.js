/** The bar above every view: period, filters, raw or adjusted. Whatever is chosen becomes an address. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { FILTERS, valuesOf } from "./address.js";
import { PRESETS, addDays, addMonths, isoOf, monthStart, partsOf, writeDay } from "./periods.js";
import { withoutFilters } from "./parts.js";

const NAMED = new Set(["stage", "intent", "aspect", "sentiment", "emotion", "flag", "channel"]);
const LISTS = { source: "sources", brand: "brands", product: "products", segment: "segments" };
let shownMonth = null;
let firstPicked = null;

/**
 * Return the bar.
 * @param {unknown[]} own Chips of what only this view is filtered by.
 */
export function filterBar(page, own = []) {
  return html`<div class="filter-bar" role="search" aria-label=${page.t.filters}>
    ${periodPicker(page)} ${filterPicker(page)} ${chips(page, own)} ${searchBox(page)} ${estimateSwitch(page)}</div>`;
}

/** Return the words for the period at hand: its preset, or its first and last day. */
export function periodWords(page) {
  const { preset, start, end } = page.period;
  const days = `${page.write.day(isoOf(start))} ${page.t.between} ${page.write.day(isoOf(addDays(end, -1)))}`;
  return { short: preset ? page.t[preset] : days, days };
}

function drop(kind, summary, body) {
  return html`<details class="drop ${kind}" @keydown=${closeOnEscape}><summary>${summary}</summary><div class="box">${body}</div></details>`;
}

function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
}

/** Close what is open: a choice was made, or the reader looks elsewhere. */
export function closeDrops(except = null) {
  for (const one of document.querySelectorAll("details.drop[open]")) if (one !== except) one.open = false;
}

function periodPicker(page) {
  const { t, period } = page;
  const words = periodWords(page);
  const presets = PRESETS.map((id) => html`<a href=${page.here({ period: id, from: null, to: null, cursor: null })}
    aria-current=${period.preset === id ? "true" : nothing}>${t[id]}</a>`);
  const calendars = ["jalali", "gregorian"].map((id) => html`<a href=${page.here({ calendar: id })}
    aria-current=${page.calendar === id ? "true" : nothing}>${t[id]}</a>`);
  return drop("period", html`<span class="visually-hidden">${t.period}: </span><b>${words.short}</b>${period.preset ? html` <small>${words.days}</small>` : nothing}`,
    html`<nav class="choices" aria-label=${t.period}>${presets}</nav>${monthGrid(page)}<nav class="choices" aria-label=${t.calendar}>${calendars}</nav>`);
}

/** A month of days; the first one that is picked starts the period, the second ends it. */
function monthGrid(page) {
  const { t, calendar, period } = page;
  const first = monthStart(shownMonth ?? addDays(period.end, -1), calendar);
  const next = addMonths(first, 1, calendar);
  const turn = (n) => () => {
    shownMonth = addMonths(first, n, calendar);
    page.actions.redraw();
  };
  const lead = calendar === "jalali" || page.isRtl ? (first.getUTCDay() + 1) % 7 : (first.getUTCDay() + 1) % 7;
  const days = [];
  for (let day = first; day < next; day = addDays(day, 1)) days.push(day);
  return html`<div class="month"><div class="month-head">
      <button type="button" @click=${turn(-1)} aria-label=${t.previousMonth}>‹</button><b aria-live="polite">${page.write.month(isoOf(first))}</b>
      <button type="button" @click=${turn(1)} aria-label=${t.nextMonth}>›</button></div>
    <div class="days" role="group" aria-label=${firstPicked ? t.pickEnd : t.pickStart}>${t.weekdays.map((name) => html`<span aria-hidden="true">${name}</span>`)}
      ${days.map((day, at) => dayButton(page, day, at === 0 ? lead + 1 : null))}</div>
    <p class="hint">${firstPicked ? t.pickEnd : t.pickStart}</p></div>`;
}

function dayButton(page, day, column) {
  const { period, calendar } = page;
  const isIn = firstPicked ? day.getTime() === firstPicked.getTime() : day >= period.start && day < period.end;
  return html`<button type="button" class=${isIn ? "in" : ""} .style=${column ? `grid-column-start:${column}` : ""} aria-pressed=${isIn}
    aria-label=${page.write.day(isoOf(day))} @click=${() => pickDay(page, day)}>${page.write.plain(partsOf(day, calendar).day)}</button>`;
}

function pickDay(page, day) {
  if (!firstPicked) {
    firstPicked = day;
    page.actions.redraw();
    return;
  }
  const [start, last] = day < firstPicked ? [day, firstPicked] : [firstPicked, day];
  firstPicked = null;
  shownMonth = null;
  const from = writeDay(start, page.calendar);
  page.actions.go(page.here({ period: null, from, to: writeDay(addDays(last, 1), page.calendar), cursor: null }));
}

function filterPicker(page) {
  const { t } = page;
  return drop("more-filters", html`＋ ${t.addFilter}`, html`<div class="dimensions">${FILTERS.filter((name) => name !== "q").map((name) => {
    const values = choicesOf(page, name);
    if (values.length === 0) return nothing;
    const chosen = valuesOf(page.query, name);
    return html`<details ?open=${chosen.length > 0}><summary>${wordFor(page, name)}${chosen.length ? html` <span class="badge">${page.write.count(chosen.length)}</span>` : nothing}</summary>
      <ul>${values.map((value) => html`<li><label><input type="checkbox" .checked=${chosen.includes(value)} @change=${() => toggle(page, name, value)}>
        <bdi>${valueWords(page, name, value)}</bdi></label></li>`)}</ul></details>`;
  })}</div>`);
}

function choicesOf(page, name) {
  if (!NAMED.has(name)) return page.options[LISTS[name]] ?? [];
  // Only whole messages are mixed: figures count mentions, and would refuse to.
  const isOffered = ({ id }) => id !== "mixed" || page.view === "messages";
  return (page.options.names[name] ?? []).filter(isOffered).map(({ id }) => id);
}

function wordFor(page, name) {
  return name === "product" ? page.t.productName : page.t[name];
}

function valueWords(page, name, value) {
  return NAMED.has(name) ? page.name(name, value) : value || page.t.none;
}

function toggle(page, name, value) {
  const chosen = valuesOf(page.query, name);
  const left = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  page.actions.go(page.here({ [name]: left.length ? left : null, cursor: null }));
}

function chips(page, own) {
  const set = FILTERS.filter((name) => page.query.has(name));
  if (set.length + own.length === 0) return nothing;
  return html`<ul class="chips" aria-label=${page.t.filters}>${set.flatMap((name) => valuesOf(page.query, name).map((value) => html`<li>
      <span>${wordFor(page, name)}: <bdi>${valueWords(page, name, value)}</bdi></span>
      <button type="button" aria-label="${page.t.remove} ${wordFor(page, name)}: ${valueWords(page, name, value)}" @click=${() => toggle(page, name, value)}>×</button></li>`))}${own}
    <li><a href=${page.here({ ...withoutFilters(), cursor: null })}>${page.t.clearAll}</a></li></ul>`;
}

function searchBox(page) {
  const search = (event) => {
    event.preventDefault();
    const q = new FormData(event.target).get("q").trim();
    page.actions.go(addressFor(page, q));
  };
  return html`<form class="search" @submit=${search}><input type="search" name="q" maxlength="200" dir="auto" .value=${page.query.get("q") ?? ""}
    placeholder=${page.t.searchIn} aria-label=${page.t.searchIn}></form>`;
}

/** Searching from a view of figures leads to the messages; there, it stays. */
function addressFor(page, q) {
  return page.view === "messages" ? page.here({ q: q || null, cursor: null }) : page.messages({ q: q || null });
}

function estimateSwitch(page) {
  const options = ["raw", "adjusted"].map((id) => html`<a href=${page.here({ estimate: id === "raw" ? null : id })}
    aria-current=${page.estimate === id ? "true" : nothing}>${page.t[id]}</a>`);
  return html`<span class="estimates"><nav class="choices estimate" aria-label=${page.t.estimate} title=${page.t.estimateHint}>${options}</nav>
    <details class="drop what" @keydown=${closeOnEscape}><summary aria-label=${page.t.whatIsEstimate}>?</summary><div class="box"><p>${page.t.estimateHint}</p></div></details></span>`;
}
