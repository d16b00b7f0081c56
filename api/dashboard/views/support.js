/** Support: how long customers wait, who waits for what, and which messages need somebody now. */

import { html } from "../vendor/lit-html/lit-html.js";
import { choices, downloads, figure, panel } from "../core/parts.js";
import { drawLeftOut } from "./support/left-out.js";
import { messageList } from "./support/messages.js";
import { hoursFigure } from "./support/hours.js";
import { contactFigure, drawSentences, drawWaits, openingOf } from "./support/waits.js";
import { WORDS } from "./support/words.js";

const CUTS = ["stage", "intent", "aspect", "queue", "channel"];
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
        draw: (data) => (isTimeless(data) ? html`${noCases(t)}${drawLeftOut(page, t, data)}` : html`${drawWaits(page, t, data)}${drawSentences(page, t, data)}${drawLeftOut(page, t, data)}`),
      })}</div>`;
}

function angriest(page, t) {
  const about = page.query.get("about");
  const chosen = page.options.names.aspect.some(({ id }) => id === about) ? { aspect: about } : {};
  const found = page.ask("feedback", { unresolved: "true", order: "angriest", limit: SHOWN, ...chosen });
  const choose = ({ target }) => page.actions.go(page.here({ about: target.value || null }), { replace: true });
  return panel(page, {
    title: t.angriest, hint: t.angriestHint, answer: found, id: "angriest", isEmpty: () => false,
    tools: html`<label class="support-about">${t.about} <select name="about" @change=${choose}>
      <option value="" .selected=${!chosen.aspect}>${t.everything}</option>
      ${page.options.names.aspect.map(({ id }) => html`<option value=${id} .selected=${id === chosen.aspect}>${page.name("aspect", id)}</option>`)}</select></label>`,
    draw: (data) => messageList(page, t, { data, all: page.messages({ unresolved: "true", order: "angriest", ...chosen }), none: t.noAngry }),
  });
}

function glance(page, t, { n, total }, { open, urgent }) {
  if (isTimeless({ n, total }) && total.n_ended === 0) return noCases(t);
  const of = (kind) => openingOf(page, { total }, total, kind);
  return html`<dl class="support-glance">
    <div><dt>${t.firstResponse}</dt><dd class="big">${hoursFigure(page, t, total.first_response, of("first_response"))}</dd></div>
    <div><dt>${t.resolution}</dt><dd class="big">${hoursFigure(page, t, total.resolution, of("resolution"))}</dd></div>
    <div><dt>${t.firstContact}</dt><dd class="big">${contactFigure(page, t, total, of("ended"))}</dd></div>
    <div><dt>${t.unresolved}</dt><dd class="big">${messageCount(page, open, { unresolved: "true" })}<small><a href=${of("open")}>${t.openCases(page.write.count(total.n_open))}</a></small></dd></div>
    <div><dt>${t.urgentOpen}</dt><dd class="big">${messageCount(page, urgent, { flag: "urgent", unresolved: "true" })}</dd></div></dl>
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
