/** What exactly is asked for at a stage: about what, in which words, and some of it as it was said. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { valuesOf } from "../../core/address.js";
import { ASKS, SUPPORT_CHANNELS } from "../../core/asks.js";
import { choices, downloads, figure, inside } from "../../core/parts.js";

const N_ASPECTS = 6;
const N_PHRASES = 10;
const N_QUOTES = 4;
/** A word of fewer messages is noise, unless so many of them hold it. */
const [ENOUGH_MESSAGES, ENOUGH_SHARE] = [5, 0.05];

/** Return the stage that the address or the filters choose; null: the whole way. */
export function focusOf(page) {
  const known = new Set(page.options.names.stage.map(({ id }) => id));
  const filtered = valuesOf(page.query, "stage");
  const asked = page.query.get("focus") ?? (filtered.length === 1 ? filtered[0] : null);
  return known.has(asked) ? asked : null;
}

/** What is asked for lies under the table: whoever chooses a stage there is taken to it. */
export function showAsked() {
  setTimeout(() => document.getElementById("asked-for")?.scrollIntoView({ block: "start" }));
}

/** The intents whose mentions are shown: those chosen here, else those filtered for, else questions and requests. */
function intentsOf(page) {
  const known = new Set(page.options.names.intent.map(({ id }) => id));
  const chosen = page.query.get("wish");
  if (chosen === "asks") return ASKS;
  if (known.has(chosen)) return [chosen];
  const filtered = valuesOf(page.query, "intent").filter((one) => known.has(one));
  return filtered.length ? filtered : ASKS;
}

/** Return the panel. */
export function askedPanel(page, t) {
  const stage = focusOf(page);
  const intent = intentsOf(page);
  const filters = stage ? { stage, intent } : { intent };
  const isAsks = intent.join() === ASKS.join();
  const aspects = { by: "aspect", ...filters, estimate: null };
  const answer = page.ask("breakdown", aspects);
  const title = titleOf(page, t, { stage, intent, isAsks });
  // Not by panel(): what is chosen from stays in sight while its answer is on the way.
  return html`<section class="panel wide" id="asked-for" aria-busy=${answer.status === "loading"}>
    <header><h2>${title}</h2><div class="tools">${isOfSupport(page) ? html`<a href=${`${page.address("support", { channel: null })}#asked`}>${t.backToSupport}</a>` : nothing}${downloads(page, "breakdown", aspects)}</div></header>
    ${pickers(page, t, { stage, intent, isAsks })}
    ${inside(page, { answer, draw: (data) => html`<p class="asked-n">${figure(page, { value: data.n, write: page.write.count, unit: page.t.mentions, href: page.messages(filters) })} ${page.t.mentions}</p>
      <div class="asked-grid">${aboutWhat(page, t, data, filters)}${inWords(page, t, filters)}${quotes(page, t, filters)}</div>` })}</section>`;
}

function titleOf(page, t, { stage, intent, isAsks }) {
  const where = stage ? page.name("stage", stage) : t.everywhere;
  if (isAsks) return isOfSupport(page) ? t.askedOfSupport(where) : t.asked(where);
  return `${where}: ${intent.map((one) => page.name("intent", one)).join(page.isRtl ? "، " : ", ")}`;
}

/** Whether the filters leave support's channels alone. */
function isOfSupport(page) {
  return valuesOf(page.query, "channel").sort().join() === SUPPORT_CHANNELS.join();
}

/** Support's channels are looked at apart in one step: it is what they are asked most about. */
function channelChoices(page, t) {
  return choices(page.t.channel, [
    { name: t.everyChannel, href: page.here({ channel: null }), chosen: !page.query.has("channel") },
    { name: t.supportOnly(SUPPORT_CHANNELS.map((id) => page.name("channel", id)).join(t.and)), href: page.here({ channel: SUPPORT_CHANNELS }), chosen: isOfSupport(page) },
  ]);
}

function pickers(page, t, { stage, intent, isAsks }) {
  const stages = [{ name: t.everywhere, href: page.here({ focus: "all" }), chosen: !stage }, ...page.options.names.stage.filter(({ id }) => id !== "none").map(({ id }) => (
    { name: page.name("stage", id), href: page.here({ focus: id }), chosen: stage === id }))];
  const intents = [{ name: t.asks, href: page.here({ wish: "asks" }), chosen: isAsks }, ...page.options.names.intent.filter(({ id }) => id !== "other").map(({ id }) => (
    { name: page.name("intent", id), href: page.here({ wish: id }), chosen: !isAsks && intent.length === 1 && intent[0] === id }))];
  return html`<div class="pickers">${choices(t.whichStage, stages)}${choices(t.whichIntent, intents)}${channelChoices(page, t)}</div>`;
}

function aboutWhat(page, t, data, filters) {
  const { write } = page;
  return html`<section><h3>${t.aboutWhat}</h3><ol class="shares">${data.groups.slice(0, N_ASPECTS).map((one) => html`<li .style=${`--share:${(one.share * 100).toFixed(1)}%`}>
    <a href=${page.messages({ ...filters, aspect: one.values.aspect })}><b>${page.name("aspect", one.values.aspect)}</b>
      <span class="share-said">${data.n < 30 ? html`<span class="too-few" title=${page.t.tooFewHint}>${page.t.tooFew}</span>` : html`<span class="value">${write.percent(one.share)}</span>
        <small>${write.percent(one.share_low)} ${page.t.between} ${write.percent(one.share_high)}</small>`} <small>${write.count(one.n)} ${page.t.mentions}</small></span></a></li>`)}</ol></section>`;
}

function inWords(page, t, filters) {
  const asked = page.ask("phrases", { ...filters, limit: N_PHRASES });
  const kept = asked.data?.more.filter((one) => one.n >= ENOUGH_MESSAGES || one.n / asked.data.n_read >= ENOUGH_SHARE);
  // The service's sentence names its first words; it is told only where all of them are shown.
  const hint = asked.data && kept.length === asked.data.more.length ? page.pick(asked.data, "sentence") : t.inWordsHint;
  return html`<section><h3>${t.inWords}</h3><p class="hint">${hint}</p>
    ${inside(page, { answer: asked, isEmpty: () => false, draw: (data) => kept.length === 0 ? html`<p class="hint">${t.noWords}</p>` : html`<ul class="words">${kept.map((one) => word(page, t, data, one))}</ul>` })}</section>`;
}

function word(page, t, data, one) {
  const { write } = page;
  const words = `${t.ofMessages(write.count(one.n), write.count(data.n))} (${write.percent(one.share_low)} ${page.t.between} ${write.percent(one.share_high)}); ${t.elsewhere(write.percent(one.share_other))}`;
  return html`<li><a href=${page.messagesNamed(one.feedback)} title=${words}><bdi>${one.text}</bdi> <small>${t.ofMessages(write.count(one.n), write.count(data.n_read))}</small></a></li>`;
}

/** Some mentions, the newest first, as they were written. */
function quotes(page, t, filters) {
  const asked = page.ask("feedback", { ...filters, limit: N_QUOTES });
  return html`<section><h3>${t.inTheirWords}</h3>${inside(page, { answer: asked, isEmpty: () => false, draw: (data) => html`<ul class="quotes">${data.items.map((item) => html`<li><blockquote dir="auto">${said(item)}</blockquote></li>`)}</ul>` })}
    <p><a class="button" href=${page.messages(filters)}>${page.t.seeMessages}</a></p></section>`;
}

function said(item) {
  const found = item.mentions.filter((mention) => mention.matches).map((mention) => mention.text);
  return found.length ? found.join(" … ") : nothing;
}
