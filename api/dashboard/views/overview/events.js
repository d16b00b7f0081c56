/** What the company changed, and what came of it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { inside, panel, refusal } from "../../core/parts.js";
import { PRESETS, addDays, dayOf, isoOf } from "../../core/periods.js";
import { linkBack } from "../../core/way-back.js";
import { beforeToo, sides, verdictOf, verdictTag } from "./event-effect.js";
import { eventForm } from "./event-form.js";

const MOST_JUDGED = 4;
const MOST_LISTED = 8;
const AROUND_DAYS = 28;
const state = { asked: null, failed: null, removed: new Set(), isUnfolded: false };

/** Return the panel. */
export function eventsPanel(page, t, answer) {
  return panel(page, {
    id: "events", title: t.events, hint: t.eventsHint, answer, wide: true, tools: linkBack(page), isEmpty: () => false,
    draw: ({ events }) => {
      const newest = events.filter((one) => !state.removed.has(one.id)).reverse();
      const [within, others] = [newest.filter((one) => isInPeriod(page, one)), newest.filter((one) => !isInPeriod(page, one))];
      const isWhole = page.query.get("events") === "all";
      const shown = isWhole ? within : within.slice(0, MOST_JUDGED);
      return html`${state.failed ? refusal(page, state.failed) : nothing}
        ${wayBack(page, t)}
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
    <p class="ov-event-head"><b dir="auto">${event.title}</b> ${answer.data ? verdictTag(t, answer.data) : nothing}</p>
    <p class="hint">${page.write.day(event.happened_at)} · <bdi>${scopeWords(page, t, event.scope)}</bdi></p>
    ${event.description ? html`<p class="hint" dir="auto">${event.description}</p>` : nothing}
    ${inside(page, { answer, isEmpty: () => false, draw: (effect) => effectLines(page, t, event, effect) })}
    ${mayRemove(page, event) ? removal(page, t, event) : nothing}</li>`;
}

function scopeWords(page, t, scope) {
  const names = Object.entries(scope).flatMap(([kind, values]) => values.map((value) => page.name(kind, value)));
  return names.length ? names.join(" · ") : t.everything;
}

function effectLines(page, t, event, effect) {
  return html`<p dir="auto">${page.pick(effect, "sentence")}</p>
    ${Object.keys(event.scope).length ? html`<p class="hint">${t.onlyOf(scopeWords(page, t, event.scope))}</p>` : nothing}${sides(page, t, event, effect)}
    ${others(t.beforeToo, beforeToo(effect), t.beforeTooHint)}${others(t.alongside, effect.other_events.filter((one) => !beforeToo(effect).includes(one)))}`;
}

function others(words, events, hint = "") {
  return events.length ? html`<p class="hint">${words} ${events.map((one) => html`<span class="tag" dir="auto">${one.title}</span> `)}${hint}</p>` : nothing;
}

/** What came of them is asked for once they are looked at. */
function otherEvents(page, t, events, isOpen) {
  const shown = page.query.get("events") === "all" ? events : events.slice(0, MOST_LISTED);
  const unfold = ({ target }) => {
    if (state.isUnfolded === target.open) return;
    state.isUnfolded = target.open;
    page.actions.redraw();
  };
  const isSeen = isOpen || state.isUnfolded;
  return html`<details class="ov-others" ?open=${isOpen} @toggle=${unfold}><summary>${t.otherEvents} (${page.write.count(events.length)})</summary>
    <ul>${shown.map((event) => otherEvent(page, t, event, isSeen))}</ul>
    ${shown.length < events.length ? html`<p><a href=${page.here({ events: "all" })}>${t.everyEvent} (${page.write.count(events.length)})</a></p>` : nothing}</details>`;
}

function otherEvent(page, t, event, isSeen) {
  return html`<li><b dir="auto">${event.title}</b> ${isSeen ? verdictOf(page, t, event) : nothing}
    <small>${page.write.day(event.happened_at)}</small> <a href=${`${page.here(around(page, event))}#event-${event.id}`} aria-label="${t.around}: ${event.title}">${t.around}</a></li>`;
}

/** The days of an event took the place of the page's period: that is said, with the way back. */
function wayBack(page, t) {
  const back = page.query.get("back");
  if (page.period.preset || !PRESETS.includes(back)) return nothing;
  return html`<p class="ov-back hint">${t.periodMoved} <a href=${page.here({ period: back, from: null, to: null, back: null })}>${t.backTo(page.t[back])}</a></p>`;
}

function around(page, event) {
  const day = dayOf(event.happened_at);
  return { period: null, back: page.period.preset ?? page.query.get("back"), from: isoOf(addDays(day, -AROUND_DAYS)), to: isoOf(addDays(day, AROUND_DAYS)) };
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
