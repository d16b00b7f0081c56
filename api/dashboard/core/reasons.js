/** Why a part of the figures moved: what people say there more than before, in whose words, and what was done then. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { inside } from "./parts.js";
import { eventsNear } from "./reason-events.js";
import { N_ASKED, phrases, phrasesOf } from "./reason-phrases.js";
import { N_NEWEST, quotes } from "./quotes.js";
import { topicsOf } from "./topics.js";

const N_GROWN = 2;

let calmAt = null;

/**
 * Return whether all that was asked for before has come: reasons are asked for after the figures, which do not wait.
 * Where the address names a place within the view they come with the figures, or they would move it away.
 */
export function isCalm(page) {
  const here = location.pathname + location.search;
  if (calmAt === here || location.hash) return true;
  setTimeout(() => {
    if (page.answers.waiting || calmAt === here) return;
    calmAt = here;
    page.actions.redraw();
  });
  return false;
}

/**
 * Return why a part moved.
 * @param {Object<string, string>} labels What makes it a part, as the API's filters: `{stage: "delivery"}`.
 * @param {{points: number | null, nQuotes?: number, isShort?: boolean, before?: Object<string, string>}} how `points`:
 *   by how much it moved net sentiment; below zero, or unknown, what is negative is quoted. `isShort`: words and
 *   quotes alone. `before`: the other days of a comparison, as the API's parameters.
 */
export function reasons(page, labels, { points, nQuotes = 3, isShort = false, before = {} }) {
  const t = page.words(WORDS);
  if (!isCalm(page)) return html`<div class="rs"><div class="loading"><span class="visually-hidden">${page.t.loading}</span></div></div>`;
  const said = page.ask("phrases", { ...labels, against: "before", limit: N_ASKED });
  const sentiment = page.query.has("sentiment") ? {} : { sentiment: points > 0 ? "positive" : "negative" };
  const quoted = { ...labels, ...sentiment };
  const found = phrasesOf(page, said, quoted);
  return html`<div class="rs"><section class="rs-said">${inside(page, { answer: said, isEmpty: () => false, draw: () => phrases(page, t, found) })}</section>
    ${voices(page, t, { title: points > 0 ? t.quotesGood : t.quotes, quoted, words: found.more, nQuotes })}
    ${isShort ? nothing : html`${grown(page, t, labels, before)}${eventsOf(page, labels)}`}</div>`;
}

/** One quote of each of the largest topics; nothing is quoted before all of them are known. */
function voices(page, t, { title, quoted, words, nQuotes }) {
  const newest = page.ask("feedback", { ...quoted, limit: N_NEWEST });
  const { isReady, topics } = topicsOf(page, quoted, nQuotes);
  const asked = topics.map((topic) => ({ topic, answer: page.ask("feedback", { ...topic.labels, limit: N_NEWEST }) }));
  const isTold = isReady && asked.every(({ answer }) => answer.data || answer.error);
  const told = asked.map(({ topic, answer }) => ({ ...topic, items: answer.data?.items ?? [] }));
  return section(page, "rs-quotes", title, newest, (data) => (isTold ? quotes(page, t, { data, quoted, topics: told, words, nQuotes }) : html`<div class="loading"></div>`));
}

/** Return what the company did in the period, or shortly before it, that may have touched a part; `{}`: anything. */
export function eventsOf(page, labels) {
  const t = page.words(WORDS);
  return section(page, "rs-events", t.events, page.askPlain("events"), (data) => eventsNear(page, t, data.events, labels));
}

function section(page, kind, title, answer, draw) {
  return html`<section class=${kind}><h4>${title}</h4>${inside(page, { answer, isEmpty: () => false, draw })}</section>`;
}

/** What people want more often than before; where that is the part itself, what they talk about. */
function grown(page, t, labels, before) {
  const by = "intent" in labels ? "aspect" : "intent";
  const answer = page.ask("compare", { ...labels, by, ...before });
  return section(page, "rs-grown", t.grown[by], answer, (data) => {
    const more = data.lines.filter((line) => line.share_significant && line.share_change > 0).sort((one, other) => other.share_change - one.share_change);
    if (more.length === 0) return html`<p class="hint">${t.noneGrown[by]}</p>`;
    return html`<ul class="rs-words">${more.slice(0, N_GROWN).map((line) => html`<li><a href=${page.messagesNamed(line.messages)}>${page.pick(line, "label")}
      <span class="n">${page.write.count(line.n)} ${page.t.mentions} · ${t.share(page.write.percent(line.share_before), page.write.percent(line.share))}</span></a></li>`)}</ul>`;
  });
}

const WORDS = {
  fa: {
    said: "چه چیزی را بیشتر از پیش می‌گویند", wasBefore: (share) => `پیش‌تر ${share}`, elsewhere: (share) => `جاهای دیگر ${share}`,
    inMessages: (share, n) => `در ${share} پیام‌ها (${n})`, noneSaid: "هیچ عبارتی به‌روشنی بیشتر از دوره‌ی پیش نیست.", typical: "این‌جا بیشتر از جاهای دیگر می‌گویند",
    quotes: "ناراضی‌ها به زبان خودشان", quotesGood: "راضی‌ها به زبان خودشان", noQuotes: "پیامی نیست.", allQuotes: (n) => `همه‌ی ${n} پیام`, seeMessage: "دیدن این پیام",
    grown: { intent: "کدام نیت‌ها بیشتر شد", aspect: "از چه چیزی بیشتر می‌گویند" },
    noneGrown: { intent: "سهم هیچ نیتی به‌روشنی بیشتر نشد.", aspect: "سهم هیچ جنبه‌ای به‌روشنی بیشتر نشد." },
    share: (before, now) => `سهم از ${before} به ${now}`,
    events: "در همین روزها چه کرده‌ایم", noEvents: "در این دوره و دو هفته‌ی پیش از آن رویدادی برای این بخش ثبت نشده است.",
    since: "پیام‌های از آن روز", effect: "اثرش",
  },
  en: {
    said: "What they say more than before", wasBefore: (share) => `${share} before`, elsewhere: (share) => `${share} elsewhere`,
    inMessages: (share, n) => `in ${share} of messages (${n})`, noneSaid: "No phrase is clearly said more than in the period before.", typical: "What they say here more than elsewhere",
    quotes: "The unhappy in their own words", quotesGood: "The happy in their own words", noQuotes: "There is no message.", allQuotes: (n) => (n === "1" ? "The message" : `All ${n} messages`), seeMessage: "See this message",
    grown: { intent: "Which intents grew", aspect: "What they talk about more" },
    noneGrown: { intent: "No intent’s share clearly grew.", aspect: "No aspect’s share clearly grew." },
    share: (before, now) => `share ${before} to ${now}`,
    events: "What we did in these days", noEvents: "No event is on record for this part, neither in this period nor in the two weeks before.",
    since: "Messages since", effect: "Its effect",
  },
};
