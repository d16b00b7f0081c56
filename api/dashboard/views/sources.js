/** Sources: which are well, which are not and what to do, how far behind each is. */

import { html } from "../vendor/lit-html/lit-html.js";
import { inside } from "../core/parts.js";
import { card, command } from "./sources/card.js";
import { STATES, badge } from "./sources/states.js";
import { WORDS } from "./sources/words.js";

const REFRESH_MS = 30_000;
let next = 0;

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  if (page.session.brands) return html`${head(page)}<section class="panel nothing"><p>${t.limited}</p><p class="hint">${t.limitedHint}</p></section>`;
  const answer = page.askPlain("sources");
  refreshLater(page);
  return html`${head(page)}<section class="sources" aria-label=${page.t.sources} aria-busy=${answer.status === "loading"}>
    ${answer.data?.sources.length === 0 && answer.status !== "failed" ? none(t) : inside(page, { answer, isEmpty: () => false, draw: (data) => list(page, t, data.sources) })}</section>`;
}

function head(page) {
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.sources}</h1></div>`;
}

/** Answers older than half a minute are asked for again when the view is drawn; so it is drawn again by itself. */
function refreshLater(page) {
  clearTimeout(next);
  next = setTimeout(() => {
    if (location.pathname === "/sources") page.actions.redraw();
  }, REFRESH_MS + 250);
}

function list(page, t, sources) {
  const sorted = [...sources].sort((one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state));
  return html`${summary(page, t, sources)}
    <ul class="cards">${sorted.map((source) => html`<li>${card(page, t, source)}</li>`)}</ul>
    <p class="hint">${t.copies} ${t.refreshed}</p>`;
}

/** Return how many there are and how many are not well; each such count leads to the first of them. */
function summary(page, t, sources) {
  const bad = STATES.filter((state) => state !== "ok").map((state) => [state, sources.filter((one) => one.state === state).length]).filter(([, n]) => n);
  const told = bad.map(([state, n]) => t.are[state](n === 1 && sources.length > 1 ? t.one : page.write.count(n)));
  return html`<p class="summary">${badge(t, bad[0]?.[0] ?? "ok", { named: false })}
    <b>${[t.sources(page.write.count(sources.length)), ...(told.length ? told : [t.allOk])].join(t.and)}</b></p>`;
}

function none(t) {
  return html`<div class="panel nothing"><h2>${t.noSources}</h2><p>${t.noSourcesHint}</p>${command("bazkhord sources add")}
    <p>${t.thenRun}</p>${command("bazkhord run")}</div>`;
}
