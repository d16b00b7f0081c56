/** One source: its state, what to do where it is not well, how far behind it is, what it brought. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { withoutFilters } from "../../core/parts.js";
import { badge } from "./states.js";
import { connectorName } from "./words.js";

/** Connectors whose messages come by themselves; nothing is read from them. */
const ARRIVING = new Set(["push", "webhook"]);

/** Return the card of a source. */
export function card(page, t, source) {
  return html`<article class="panel source ${source.state}">
    <header><h2><bdi>${source.name}</bdi></h2><p class="hint">${connectorName(source.connector, page.language)}</p>${badge(t, source.state)}</header>
    ${advice(page, t, source)} ${isUntouched(source) ? nothing : html`${times(page, t, source)} ${counts(page, t, source)}`}</article>`;
}

function isUntouched(source) {
  return !source.last_started_at && !source.last_success_at && !source.n_stored;
}

/** Return a command to be typed, as it is typed in either language. */
export function command(line) {
  return html`<pre class="command" dir="ltr" tabindex="0"><code>${line}</code></pre>`;
}

function advice(page, t, source) {
  const told = adviceOf(page, t, source);
  if (!told) return waiting(t, source);
  return html`<div class="advice"><p>${told.why}</p>
    ${source.last_error && source.state === "failing" ? html`<p class="error" dir="auto">${source.last_error}</p>` : nothing}
    <p>${told.what}</p>${command(told.line)}</div>${waiting(t, source)}`;
}

function adviceOf(page, t, source) {
  const check = `bazkhord sources check ${source.name}`;
  const arrives = ARRIVING.has(source.connector);
  return {
    failing: { why: t.whyFailing(page.write.count(source.n_failures || 1)), what: t.doFailing, line: check },
    silent: { why: whySilent(page, t, source), what: arrives ? t.doPush : t.doSilent, line: arrives ? "bazkhord keys" : check },
    never_ran: { why: t.whyNever, what: t.doNever, line: "bazkhord run" },
    disabled: { why: t.whyDisabled, what: t.doDisabled, line: "bazkhord run" },
  }[source.state];
}

function whySilent(page, t, source) {
  return source.newest_message_at ? t.whySilent(page.write.ago(source.newest_message_at)) : t.whySilentEmpty;
}

function waiting(t, source) {
  return source.n_pending ? html`<div class="advice quiet"><p>${t.doPending}</p>${command("bazkhord classify")}</div>` : nothing;
}

function times(page, t, source) {
  const moment = (written, otherwise) => (written ? html`<time datetime=${written} title=${page.write.moment(written)}>${page.write.ago(written)}</time>` : otherwise);
  return html`<dl class="facts">
    <div><dt>${t.lastSuccess}</dt><dd>${moment(source.last_success_at, t.never)}</dd></div>
    <div><dt>${t.newest}</dt><dd>${moment(source.newest_message_at, t.never)}</dd></div>
    <div><dt>${t.nextRun}</dt><dd>${nextRun(t, source, moment)}</dd></div></dl>`;
}

function nextRun(t, source, moment) {
  if (ARRIVING.has(source.connector)) return t.byItself;
  if (source.state === "disabled" || !source.next_run_at) return t.notPlanned;
  return new Date(source.next_run_at) < Date.now() ? t.overdue : moment(source.next_run_at);
}

function counts(page, t, source) {
  const n = page.write.count;
  return html`<dl class="facts">
    <div><dt>${t.stored}</dt><dd class="stored">${source.n_stored ? html`<a href=${messagesOf(page, source)} aria-label="${t.seeMessages(source.name)}: ${n(source.n_stored)}">${n(source.n_stored)}</a>` : n(0)}</dd></div>
    <div><dt>${t.pending}</dt><dd class=${source.n_pending ? "some" : ""}>${n(source.n_pending)}</dd></div>
    <div><dt>${t.dead}</dt><dd class=${source.n_dead_letters ? "some" : ""}>${n(source.n_dead_letters)}</dd></div></dl>
    <dl class="facts long"><div><dt>${t.lastRun}</dt><dd>${rows(page, t, source.last_run)}</dd></div><div><dt>${t.ever}</dt><dd>${rows(page, t, source)}</dd></div></dl>`;
}

/** All messages of a source are meant, so no other filter and no period goes along. */
function messagesOf(page, source) {
  return page.address("messages", { ...withoutFilters(), source: source.name, period: "all", from: null, to: null });
}

function rows(page, t, told) {
  const kinds = [["n_new", t.fresh], ["n_updated", t.updated], ["n_duplicate", t.duplicate], ["n_without_text", t.withoutText], ["n_dead", t.unreadable]];
  const some = kinds.filter(([field]) => told[field]);
  return some.length ? some.map(([field, name]) => `${page.write.count(told[field])} ${name}`).join(t.and) : t.nothingNew;
}
