/** With which days a period is compared: those right before it, those of the year before, or days of one's own. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices } from "../../core/parts.js";
import { addDays, daysBetween, dayOf, isoOf, readDay, writeDay } from "../../core/periods.js";

const DAYS_OF_A_YEAR = 365;
let isRefused = false;

/**
 * Return what the address says of it.
 * @returns {{start: Date, end: Date, isOwn: boolean, asked: Object<string, string>, error: string | null}} `asked` are
 *   parameters of the API; `error` names the word that says why these days cannot be compared.
 */
export function comparisonOf(page) {
  const { start, end } = page.period;
  const from = readDay(page.query.get("before_from"));
  const to = readDay(page.query.get("before_to"));
  if (!from || !to) return { start: addDays(start, -daysBetween(start, end)), end: start, isOwn: false, asked: {}, error: null };
  const error = to <= from ? "backwards" : from < end && to > start ? "overlap" : null;
  return { start: from, end: to, isOwn: true, asked: { before_from: isoOf(from), before_to: isoOf(to) }, error };
}

/** Return the days of the other period as one reads them. */
export function daysWords(page, { start, end }) {
  return `${page.write.day(isoOf(start))} ${page.t.between} ${page.write.day(isoOf(addDays(end, -1)))}`;
}

/** Return the address of the messages of the other period, as an answer names it. */
export function messagesBefore(page, data, labels = {}) {
  return page.messages({ ...labels, from: data.before_from.slice(0, 10), to: data.before_to.slice(0, 10) });
}

/** Return the choice of days, and which ones hold. */
export function comparisonPicker(page, t, other) {
  const year = yearBefore(page);
  const isYear = other.isOwn && year && isoOf(year.start) === isoOf(other.start) && isoOf(year.end) === isoOf(other.end);
  const options = [{ name: t.daysBefore, href: hereWith(page, null), chosen: !other.isOwn }];
  if (year) options.push({ name: t.yearBefore, href: hereWith(page, year), chosen: isYear });
  return html`<div class="dr-compared"><span class="hint">${t.comparedWith}</span>${choices(t.comparedWith, options)}
    <details class="drop" @keydown=${closeOnEscape}><summary class=${other.isOwn && !isYear ? "dr-chosen" : ""}>${t.ownDays}</summary>
      <div class="box">${ownDays(page, t, other)}</div></details>
    <span class="hint">${daysWords(page, other)}</span></div>
    ${startsBefore(page, other) && !other.error ? html`<p class="hint dr-notice">${t.notCovered(page.write.day(page.options.data_from))}</p>` : nothing}`;
}

function yearBefore(page) {
  const year = { start: addDays(page.period.start, -DAYS_OF_A_YEAR), end: addDays(page.period.end, -DAYS_OF_A_YEAR) };
  return startsBefore(page, year) || year.end > page.period.start ? null : year;
}

function startsBefore(page, { start }) {
  return Boolean(page.options.data_from) && start < dayOf(page.options.data_from);
}

function hereWith(page, days) {
  const written = (day) => (days ? writeDay(day, page.calendar) : null);
  return page.here({ before_from: written(days?.start), before_to: written(days?.end) });
}

function ownDays(page, t, other) {
  const example = writeDay(other.start, page.calendar);
  const field = (name, label, day) => html`<label>${label} <input type="text" name=${name} dir="ltr" autocomplete="off" required
    .value=${writeDay(day, page.calendar)} placeholder=${example}></label>`;
  return html`<form class="dr-own-days" @submit=${(event) => take(event, page)}>
    ${field("first", t.firstDay, other.start)}${field("last", t.lastDay, addDays(other.end, -1))}
    ${isRefused ? html`<p class="hint bad" role="alert">${t.noDay(example)}</p>` : nothing}
    <button class="primary">${page.t.apply}</button></form>`;
}

function take(event, page) {
  event.preventDefault();
  const given = new FormData(event.target);
  const [first, last] = ["first", "last"].map((name) => readDay(inLatin(given.get(name))));
  isRefused = !first || !last;
  if (isRefused) page.actions.redraw();
  else page.actions.go(hereWith(page, { start: first, end: addDays(last, 1) }));
}

/** Return a day with the digits and dashes that addresses have: `۱۴۰۵/۷/۱` is `1405-7-1`. */
function inLatin(written) {
  const digits = written.trim().replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x6f0);
  return digits.replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x660).replace(/[/.]/g, "-");
}

function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
}
