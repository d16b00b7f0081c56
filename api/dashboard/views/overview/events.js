/** What the company changed, and what came of it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { inside, netFigure, panel, refusal, withoutFilters } from "../../core/parts.js";
import { addDays, dayOf, isoOf } from "../../core/periods.js";
import { eventForm } from "./event-form.js";

const MOST_JUDGED = 4;
const AROUND_DAYS = 28;
const TONES = { helped: "positive", worsened: "negative", no_effect: "neutral", cannot_tell: "neutral", too_few: "neutral" };
const state = { asked: null, failed: null, removed: new Set() };

/** Return the panel. */
export function eventsPanel(page, t, answer) {
  return panel(page, {
    id: "events", title: t.events, hint: t.eventsHint, answer, wide: true, isEmpty: () => false,
    draw: ({ events }) => {
      const newest = events.filter((one) => !state.removed.has(one.id)).reverse();
      const [within, others] = [newest.filter((one) => isInPeriod(page, one)), newest.filter((one) => !isInPeriod(page, one))];
      const isWhole = page.query.get("events") === "all";
      const shown = isWhole ? within : within.slice(0, MOST_JUDGED);
      return html`${state.failed ? refusal(page, state.failed) : nothing}
        ${within.length === 0 ? html`<p>${t.noEvents}</p>` : html`<ul class="ov-events">${shown.map((one) => eventCard(page, t, one))}</ul>`}
        ${shown.length < within.length ? html`<p><a href=${page.here({ events: "all" })}>${t.allEvents} (${page.write.count(within.length)})</a></p>` : nothing}
        ${others.length ? otherEvents(page, t, others, within.length === 0) : nothing}${mayTell(page) ? eventForm(page, t, newest.length === 0) : nothing}`;
    },
  });
}

/** Bring an event into sight: its card, or the list where it has none. */
export function showEvent(id) {
  const found = document.getElementById(`event-${id}`) ?? document.getElementById("events");
  found.scrollIntoView({ block: "center" });
  found.focus({ preventScroll: true });
}

/** The service tells the moment in the business zone, so its first ten signs are the day there. */
function isInPeriod(page, event) {
  const day = dayOf(event.happened_at);
  return page.period.start <= day && day < page.period.end;
}

function eventCard(page, t, event) {
  const answer = page.askPlain(`events/${event.id}/effect`);
  return html`<li class="ov-event" id=${`event-${event.id}`} tabindex="-1" aria-busy=${answer.status === "loading"}>
    <p class="ov-event-head"><b dir="auto">${event.title}</b> ${answer.data ? verdict(t, answer.data.verdict) : nothing}</p>
    <p class="hint">${page.write.day(event.happened_at)} · <bdi>${scopeWords(page, t, event.scope)}</bdi></p>
    ${event.description ? html`<p class="hint" dir="auto">${event.description}</p>` : nothing}
    ${inside(page, { answer, isEmpty: () => false, draw: (effect) => effectLines(page, t, event, effect) })}
    ${mayRemove(page, event) ? removal(page, t, event) : nothing}</li>`;
}

function verdict(t, told) {
  return html`<span class="tag ${TONES[told]}">${t.verdicts[told]}</span>`;
}

function scopeWords(page, t, scope) {
  const names = Object.entries(scope).flatMap(([kind, values]) => values.map((value) => page.name(kind, value)));
  return names.length ? names.join(" · ") : t.everything;
}

function effectLines(page, t, event, effect) {
  const { before, after } = effect.scoped;
  const side = (name, stretch) => html`<div><dt>${name}</dt><dd>${netFigure(page, stretch, messagesOf(page, event, stretch))}</dd></div>`;
  return html`<p dir="auto">${page.pick(effect, "sentence")}</p><dl class="ov-sides">${side(t.was, before)}${side(t.is, after)}</dl>
    ${effect.other_events.length ? html`<p class="hint">${t.alongside} ${effect.other_events.map((one) => html`<span class="tag" dir="auto">${one.title}</span> `)}</p>` : nothing}`;
}

/** An effect is that of the event's own scope, whatever the page is filtered by. */
function messagesOf(page, event, stretch) {
  return page.messages({ ...withoutFilters(), ...event.scope, from: stretch.from.slice(0, 10), to: stretch.to.slice(0, 10) });
}

function otherEvents(page, t, events, isOpen) {
  return html`<details class="ov-others" ?open=${isOpen}><summary>${t.otherEvents} (${page.write.count(events.length)})</summary><ul>${events.map((event) => html`<li>
    <b dir="auto">${event.title}</b> <small>${page.write.day(event.happened_at)}</small> <a href=${`${page.here(around(event))}#event-${event.id}`}>${t.around}</a></li>`)}</ul></details>`;
}

function around(event) {
  const day = dayOf(event.happened_at);
  return { period: null, from: isoOf(addDays(day, -AROUND_DAYS)), to: isoOf(addDays(day, AROUND_DAYS)) };
}

/** Who sees some brands only may not write events. */
function mayTell(page) {
  return page.mayWrite && !page.session.brands;
}

function mayRemove(page, event) {
  return mayTell(page) && (page.session.scope === "admin" || event.created_by === (page.session.name ?? "local"));
}

function removal(page, t, event) {
  const turn = (asked) => () => {
    state.asked = asked;
    page.actions.redraw();
  };
  if (state.asked !== event.id) return html`<p class="ov-removal"><button type="button" class="ov-quiet" @click=${turn(event.id)} aria-label="${t.removeEvent}: ${event.title}">${t.removeEvent}</button></p>`;
  return html`<p class="ov-removal" role="group" aria-label=${t.sureRemove}>${t.sureRemove}
    <button type="button" class="primary" @click=${() => remove(page, t, event)}>${t.yesRemove}</button><button type="button" @click=${turn(null)}>${page.t.cancel}</button></p>`;
}

async function remove(page, t, event) {
  state.asked = null;
  try {
    await page.answers.send("DELETE", `/v1/events/${event.id}`);
    // The list that still holds it is shown until the new one comes.
    state.removed.add(event.id);
    state.failed = null;
    page.actions.say(t.removed);
  } catch (error) {
    state.failed = error;
  }
  page.answers.forget();
}
