/** Support: how long customers wait, who waits for what, and which messages need somebody now. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { choices, downloads, figure, panel } from "../core/parts.js";
import { drawLeftOut } from "./support/left-out.js";
import { messageList } from "./support/messages.js";
import { hoursFigure } from "./support/hours.js";
import { contactFigure, drawSentences, drawWaits, openingOf } from "./support/waits.js";
import { WORDS } from "./support/words.js";

const CUTS = ["stage", "intent", "aspect", "queue", "channel"];
const OVERLAPPING = new Set(["stage", "intent", "aspect"]);
const SHOWN = 6;

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const by = CUTS.includes(page.query.get("by")) ? page.query.get("by") : CUTS[0];
  const waits = page.ask("cx/response", { by });
  const urgent = page.ask("feedback", { flag: "urgent", unresolved: "true", limit: SHOWN });
  const open = page.ask("feedback", { unresolved: "true", order: "angriest", limit: SHOWN });
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.support}</h1><a class="button" href=${`${page.address("intents")}#hours`}>${t.load}</a><a class="button" href=${`${page.address("overview")}#events`}>${t.didItHelp}</a></div>
    <div class="grid support-grid">
      ${panel(page, { title: t.glance, hint: t.glanceHint, answer: waits, wide: true, id: "glance", isEmpty: () => false, draw: (data) => glance(page, t, data, { open: open.data, urgent: urgent.data }) })}
      ${panel(page, {
        title: t.urgent, hint: t.urgentHint, answer: urgent, id: "urgent", isEmpty: () => false,
        draw: (data) => messageList(page, t, { data, all: page.messages({ flag: "urgent", unresolved: "true" }), none: t.noUrgent }),
      })}
      ${angriest(page, t)}
      ${panel(page, {
        title: t.waits, hint: t.waitsHint, answer: waits, wide: true, id: "waits", isEmpty: () => false,
        tools: html`${choices(t.by, CUTS.map((id) => ({ name: t[id], href: page.here({ by: id }), chosen: id === by })))}${downloads(page, "cx/response", { by })}`,
        draw: (data) => (isTimeless(data) ? html`${noCases(t)}${drawLeftOut(page, t, data)}` : html`${drawWaits(page, t, data)}${OVERLAPPING.has(by) ? html`<p class="hint support-several">${t.several}</p>` : nothing}${drawSentences(page, t, data)}${drawLeftOut(page, t, data)}`),
      })}</div>`;
}

function angriest(page, t) {
  const about = page.query.get("about");
  const chosen = page.options.names.aspect.some(({ id }) => id === about) ? { aspect: about } : {};
  const { found, labels, isAngry } = mostAngry(page, chosen);
  const choose = ({ target }) => page.actions.go(page.here({ about: target.value || null }), { replace: true });
  return panel(page, {
    title: t.angriest, hint: isAngry ? t.angriestHint : nothing, answer: found, id: "angriest", isEmpty: () => false,
    tools: html`<label class="support-about">${t.about} <select name="about" @change=${choose}>
      <option value="" .selected=${!chosen.aspect}>${t.everything}</option>
      ${page.options.names.aspect.map(({ id }) => html`<option value=${id} .selected=${id === chosen.aspect}>${page.name("aspect", id)}</option>`)}</select></label>`,
    draw: (data) => html`${isAngry || data.n === 0 ? nothing : html`<p class="support-calm">${t.noneAngry} ${longer(page)}</p>`}
      ${messageList(page, t, { data, all: page.messages(labels), none: isAngry ? t.noAngry : t.noneNegative })}`,
  });
}

/** What is unresolved for longer than the period is not in it. */
function longer(page) {
  return page.period.preset === "all" ? nothing : html`<a href=${page.here({ period: "all", from: null, to: null })}>${page.t.period}: ${page.t.all}</a>`;
}

/** Where nobody is angry the order would mean nothing: then those that are negative. */
function mostAngry(page, chosen) {
  const labels = { unresolved: "true", order: "angriest", ...chosen };
  const found = page.ask("feedback", { ...labels, limit: SHOWN });
  const isAngry = !found.data?.n || found.data.items.some(({ emotion }) => emotion === "anger");
  if (isAngry) return { found, labels, isAngry };
  const negative = { unresolved: "true", sentiment: "negative", ...chosen };
  return { found: page.ask("feedback", { ...negative, limit: SHOWN }), labels: negative, isAngry };
}

function glance(page, t, { n, total }, { open, urgent }) {
  if (isTimeless({ n, total }) && total.n_ended === 0) return noCases(t);
  const of = (kind) => openingOf(page, { total }, total, kind);
  const { count } = page.write;
  const waiting = ({ n_waiting: some, n: all }) => [count(some), count(all)];
  const item = (name, told, counted) => html`<div><dt>${t[name]}</dt><dd class="big">${told}<small>${counted}</small></dd></div>`;
  return html`<dl class="support-glance">
    ${item("firstResponse", hoursFigure(page, t, total.first_response, of("first_response")), t.counted.firstResponse(...waiting(total.first_response)))}
    ${item("resolution", hoursFigure(page, t, total.resolution, of("resolution")), t.counted.resolution(...waiting(total.resolution)))}
    ${item("firstContact", contactFigure(page, t, total, of("ended")), t.counted.firstContact)}
    ${item("openCases", figure(page, { value: total.n_open, write: count, href: of("open") }), t.counted.openCases)}
    ${item("unresolved", messageCount(page, open, { unresolved: "true" }), t.counted.unresolved)}
    ${item("urgentOpen", messageCount(page, urgent, { flag: "urgent", unresolved: "true" }), t.counted.urgentOpen)}</dl>
    <p class="support-sentence">${page.pick(total, "sentence")}</p>`;
}

/** Sources that tell no status and no answers give cases without any wait. */
function isTimeless({ n, total }) {
  return n === 0 || (total.first_response.n === 0 && total.resolution.n === 0);
}

function messageCount(page, found, labels) {
  if (!found) return "";
  return figure(page, { value: found.n, write: page.write.count, tone: found.n > 0 && labels.flag ? "bad" : "", href: page.messages(labels) });
}

function noCases(t) {
  return html`<div class="nothing"><p>${t.noCases}</p><p class="hint">${t.noCasesHint}</p></div>`;
}
