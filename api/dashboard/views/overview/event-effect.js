/** What came of an event: the verdict in words and colour, and which days are held against each other. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { figure, sureTone, withoutFilters } from "../../core/parts.js";
import { addDays, dayOf, isoOf } from "../../core/periods.js";

const TONES = { helped: "positive", worsened: "negative", no_effect: "neutral", cannot_tell: "neutral", too_few: "neutral", too_early: "ov-early" };

/** Return the verdict, with a warning where the days before hold another event; "too early" is said only as long as days are still to come. */
export function verdictTag(t, effect) {
  const { verdict, days, days_after: passed } = effect;
  const told = verdict === "too_few" && passed < days ? "too_early" : verdict;
  const isMixed = beforeToo(effect).length > 0;
  return html`<span class="ov-verdict"><span class="tag ${TONES[told]}">${t.verdicts[told]}</span>${isMixed ? html` <span class="badge" title=${t.beforeTooHint}><span aria-hidden="true">⚠ </span>${t.beforeTooShort}</span>` : nothing}</span>`;
}

/** Return the other events of the days before: what they did is part of what the days after are held against. */
export function beforeToo({ other_events: others, scoped }) {
  return others.filter((one) => Date.parse(one.happened_at) < Date.parse(scoped.before.to));
}

/** Return the verdict of an event of a list; nothing stands there until it is known. */
export function verdictOf(page, t, event) {
  const { data } = page.askPlain(`events/${event.id}/effect`);
  return data ? verdictTag(t, data) : nothing;
}

/** Return both sides: their days, net sentiment with n, and the way to their messages. */
export function sides(page, t, event, { scoped, between }) {
  return html`<dl class="ov-sides">${side(page, t, event, { name: t.was, stretch: scoped.before })}${side(page, t, event, { name: t.is, stretch: scoped.after })}</dl>
    ${between ? html`<p class="hint">${t.dayItself(page.write.day(between.from))}</p>` : nothing}`;
}

function side(page, t, event, { name, stretch }) {
  const days = daysOf(stretch);
  if (days.to <= days.from) return html`<div><dt>${name}</dt><dd class="hint">${t.noDayYet}</dd></div>`;
  // An effect is that of the event's own scope, whatever the page is filtered by.
  const href = page.messages({ ...withoutFilters(), ...event.scope, ...days });
  return html`<div><dt>${name} <span class="ov-days">${daysWords(page, days)}</span></dt>
    <dd>${netOf(page, stretch, href)} <a class="ov-side-messages" href=${href} aria-label="${t.nowMessages}: ${name} ${daysWords(page, days)}">${t.nowMessages}</a></dd></div>`;
}

function netOf(page, { n, net_sentiment: value, net_sentiment_low: low, net_sentiment_high: high }, href) {
  return figure(page, { value, low, high, n, href, write: page.write.points, tone: sureTone(value, low, high) });
}

/** The service tells moments in the business zone, so their first ten signs are the day there; the end is not part of it. */
function daysOf({ from, to }) {
  return { from: from.slice(0, 10), to: to.slice(0, 10) };
}

function daysWords(page, { from, to }) {
  const last = isoOf(addDays(dayOf(to), -1));
  return last === from ? page.write.day(from) : `${page.write.dayShort(from)} ${page.t.between} ${page.write.day(last)}`;
}
