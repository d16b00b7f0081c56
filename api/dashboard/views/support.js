/** Support: how long customers wait, who waits for what, and which messages need somebody now. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { allOpen, askOpen, olderOpen } from "../core/open.js";
import { choices, downloads, figure, panel } from "../core/parts.js";
import { cameFrom } from "../core/way-back.js";
import { askedPanel } from "./support/asked.js";
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
  const urgent = askOpen(page, { flag: "urgent" }, SHOWN);
  const open = askOpen(page, { order: "angriest" }, SHOWN);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.support}</h1><a class="button" href=${`${page.address("intents", cameFrom("support"))}#hours`}>${t.load}</a><a class="button" href=${`${page.address("overview", cameFrom("support"))}#events`}>${t.didItHelp}</a></div>
    <div class="grid support-grid">
      ${panel(page, { title: t.glance, hint: t.glanceHint, answer: waits, wide: true, id: "glance", isEmpty: () => false, draw: (data) => glance(page, t, data, { open, urgent }) })}
      ${askedPanel(page, t)}
      ${panel(page, {
        title: t.urgent, hint: t.urgentHint, answer: urgent.now, id: "urgent", isEmpty: () => false,
        draw: (data) => messageList(page, t, { data, open: urgent, none: t.noUrgent }),
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
  const { open, isAngry } = mostAngry(page, chosen);
  const choose = ({ target }) => page.actions.go(page.here({ about: target.value || null }), { replace: true });
  return panel(page, {
    title: t.angriest, hint: isAngry ? t.angriestHint : nothing, answer: open.now, id: "angriest", isEmpty: () => false,
    tools: html`<label class="support-about">${t.about} <select name="about" @change=${choose}>
      <option value="" .selected=${!chosen.aspect}>${t.everything}</option>
      ${page.options.names.aspect.map(({ id }) => html`<option value=${id} .selected=${id === chosen.aspect}>${page.name("aspect", id)}</option>`)}</select></label>`,
    draw: (data) => html`${isAngry || data.n === 0 ? nothing : html`<p class="support-calm">${t.noneAngry}</p>`}
      ${messageList(page, t, { data, open, none: isAngry ? t.noAngry : t.noneNegative })}`,
  });
}

/** Where nobody is angry the order would mean nothing: then those that are negative. */
function mostAngry(page, chosen) {
  const open = askOpen(page, { order: "angriest", ...chosen }, SHOWN);
  const { data } = open.now;
  const isAngry = !data?.n || data.n_angry > 0;
  return isAngry ? { open, isAngry } : { open: askOpen(page, { sentiment: "negative", ...chosen }, SHOWN), isAngry };
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
    ${item("unresolved", messageCount(page, open, allOpen(page, {})), t.counted.unresolved)}
    ${item("urgentOpen", messageCount(page, urgent, urgent.all, "bad"), t.counted.urgentOpen)}</dl>
    <p class="support-sentence">${page.pick(total, "sentence")}</p>`;
}

/** Sources that tell no status and no answers give cases without any wait. */
function isTimeless({ n, total }) {
  return n === 0 || (total.first_response.n === 0 && total.resolution.n === 0);
}

function messageCount(page, open, href, tone = "") {
  const { data } = open.now;
  if (!data) return "";
  return html`${figure(page, { value: data.n, write: page.write.count, tone: data.n > 0 ? tone : "", href })} ${olderOpen(page, open)}`;
}

function noCases(t) {
  return html`<div class="nothing"><p>${t.noCases}</p><p class="hint">${t.noCasesHint}</p></div>`;
}
