/** What the company did in a period, or shortly before it, that may have touched a part. */

import { html } from "../vendor/lit-html/lit-html.js";
import { filtersOf } from "./address.js";
import { withoutFilters } from "./parts.js";
import { addDays, dayOf, isoOf } from "./periods.js";

const DAYS_BEFORE = 14;
const DAYS_AROUND = 28;
const MOST = 4;

/**
 * Return the events of a part, the newest first, each by name and date, one click from the messages since.
 * @param {Array<object>} events Of `/v1/events`.
 * @param {Object<string, string>} labels What makes it a part.
 */
export function eventsNear(page, t, events, labels) {
  const found = near(events, page.period, { ...Object.fromEntries(filtersOf(page.query)), ...labels });
  if (found.length === 0) return html`<p class="hint">${t.noEvents}</p>`;
  return html`<ul class="rs-list">${found.slice(0, MOST).map((event) => line(page, t, event, labels))}</ul>`;
}

/** Return the events from two weeks before a period to its end whose scope does not leave some labels out. */
export function near(events, { start, end }, labels) {
  const touches = ({ scope }) => Object.entries(scope).every(([kind, values]) => {
    const wanted = labels[kind] === undefined ? [] : [labels[kind]].flat();
    return values.length === 0 || wanted.length === 0 || wanted.some((one) => values.includes(one));
  });
  const isNear = ({ happened_at: at }) => dayOf(at) >= addDays(start, -DAYS_BEFORE) && dayOf(at) < end;
  return events.filter((event) => isNear(event) && touches(event)).reverse();
}

function line(page, t, event, labels) {
  const day = dayOf(event.happened_at);
  const since = page.messages({ ...labels, from: isoOf(day), to: isoOf(page.period.end) });
  const around = { ...withoutFilters(), period: null, from: isoOf(addDays(day, -DAYS_AROUND)), to: isoOf(addDays(day, DAYS_AROUND)) };
  return html`<li><a href=${`${page.address("overview", around)}#event-${event.id}`}><b dir="auto">${event.title}</b></a> <small class="hint">${page.write.day(event.happened_at)}${scopeWords(page, event.scope)}</small>
    <small><a href=${since}>${t.since}</a></small></li>`;
}

function scopeWords(page, scope) {
  return Object.entries(scope).flatMap(([kind, values]) => values.map((value) => html` · <bdi>${page.name(kind, value)}</bdi>`));
}
