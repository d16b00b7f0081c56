/** The form that puts an event on record: what, on which day of the page's calendar, for what. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { refusal } from "../../core/parts.js";
import { addDays, dayOf, isoOf, monthStart, partsOf, readDay } from "../../core/periods.js";

let failed = null;
const DAYS = Array.from({ length: 31 }, (_, at) => at + 1);
const MONTHS = Array.from({ length: 12 }, (_, at) => at + 1);

/** Return the form, folded away unless it is what there is to do. */
export function eventForm(page, t, isOpen) {
  return html`<details class="ov-add-event" ?open=${isOpen}><summary class="button">＋ ${t.addEvent}</summary>
    ${isOpen ? html`<p class="hint">${t.noEventsHint}</p>` : nothing}
    <form @submit=${(event) => submit(page, t, event)}>
      <label class="ov-title">${t.title}<input type="text" name="title" required maxlength="200" dir="auto" placeholder=${t.titleExample}></label>
      ${dayFields(page, t)}${scopeField(page, t.scopeStage, "stage", t)}${scopeField(page, t.scopeAspect, "aspect", t)}
      <button class="primary">${page.t.save}</button></form>${failed ? refusal(page, failed) : nothing}</details>`;
}

function field(name, words, options) {
  return html`<label>${words}<select name=${name}>${options.map(({ value, text, chosen }) => html`<option value=${value} ?selected=${chosen}>${text}</option>`)}</select></label>`;
}

/** Day, month and year to choose from, each in the calendar of the page; the last day of the period at first. */
function dayFields(page, t) {
  const { calendar, write, options } = page;
  const today = dayOf(options.today);
  const last = addDays(page.period.end, -1);
  const chosen = partsOf(last < today ? last : today, calendar);
  const [first, newest] = [partsOf(options.data_from ? dayOf(options.data_from) : today, calendar).year, partsOf(today, calendar).year];
  const years = Array.from({ length: newest - first + 2 }, (_, at) => newest - at);
  const number = (name) => (value) => ({ value, text: write.plain(value), chosen: chosen[name] === value });
  const month = (value) => ({ value, text: monthName(page, chosen.year, value), chosen: chosen.month === value });
  return html`<span class="ov-day">${field("day", t.dayOf, DAYS.map(number("day")))}${field("month", t.monthOf, MONTHS.map(month))}${field("year", t.yearOf, years.map(number("year")))}</span>`;
}

function monthName(page, year, month) {
  const start = monthStart(readDay(written(year, month, 1)), page.calendar);
  return new Intl.DateTimeFormat(`${page.language === "fa" ? "fa-IR" : "en-GB"}-u-ca-${page.calendar === "jalali" ? "persian" : "gregory"}`, { month: "long", timeZone: "UTC" }).format(start);
}

function written(year, month, day) {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

function scopeField(page, words, kind, t) {
  const labels = page.options.names[kind].filter(({ id }) => id !== "none");
  return field(kind, words, [{ value: "", text: t.everything }, ...labels.map(({ id }) => ({ value: id, text: page.name(kind, id) }))]);
}

async function submit(page, t, event) {
  event.preventDefault();
  const form = event.currentTarget;
  const given = new FormData(form);
  const day = readDay(written(given.get("year"), given.get("month"), given.get("day")));
  form.elements.day.setCustomValidity(day ? "" : t.noDay);
  if (!form.reportValidity()) {
    form.elements.day.addEventListener("input", () => form.elements.day.setCustomValidity(""), { once: true });
    return;
  }
  try {
    await page.answers.send("POST", "/v1/events", eventOf(given, day));
    failed = null;
    form.reset();
    form.parentElement.open = false;
    page.actions.say(t.added);
  } catch (error) {
    failed = error;
  }
  page.answers.forget();
}

function eventOf(given, day) {
  const scope = Object.fromEntries(["stage", "aspect"].filter((kind) => given.get(kind)).map((kind) => [kind, [given.get(kind)]]));
  return { happened_at: isoOf(day), title: given.get("title"), scope };
}
