/** One stage from near: its trend, what changed it, and where it hurts. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { askedAt } from "../../core/asks.js";
import { painsAsked } from "../../core/pains.js";
import { downloads, figure, nothingFound, panel, table } from "../../core/parts.js";
import { trendPanel } from "./trend.js";
import { saidPanel, whyPanel } from "./why.js";

const N_PAINS = 8;

/**
 * Return the panels of a stage.
 * @param {string} stage Its id.
 * @param {number | null} n Its mentions in the period; null: not known yet.
 */
export function stageDetails(page, t, stage, n) {
  const name = page.name("stage", stage);
  return html`<section id="stage-details" class="stage-details" tabindex="-1" aria-label=${t.details(name)}>
    <header><h2>${t.details(name)}</h2><span class="stage-links">${toMap(t)}<a class="button" href=${page.messages({ stage })}>${t.all}</a>
      <a class="button" href=${askedAt(page, stage)}>${t.asks}</a>
      <a class="button" href=${page.here({ focus: null })}>${t.closeDetails}</a></span></header>
    <div class="grid">${trendPanel(page, t, stage, n)}${whyPanel(page, t, stage, N_PAINS)}${painPanel(page, t, stage)}${saidPanel(page, stage)}</div>
    <p class="stage-links to-map">${toMap(t)}</p></section>`;
}

function toMap(t) {
  return html`<button type="button" @click=${showMap}><span aria-hidden="true">↑</span> ${t.toMap}</button>`;
}

/** Back up to the map, to the stage that was chosen there. */
function showMap() {
  const map = document.getElementById("journey-map");
  map?.scrollIntoView({ block: "start" });
  (map?.querySelector(".chosen .milestone a") ?? map?.querySelector("tbody a"))?.focus({ preventScroll: true });
}

function painPanel(page, t, stage) {
  const params = painsAsked({ stage, limit: N_PAINS });
  return panel(page, {
    title: t.painsOf, hint: t.painsHint, answer: page.ask("pains", params), tools: downloads(page, "pains", params), isEmpty: () => false,
    draw: (data) => data.cells.length === 0 ? nothingFound(page, page.pick(data, "sentence")) : painTable(page, t, data),
  });
}

function painTable(page, t, data) {
  const growth = (cell) => cell.growth?.ratio ? figure(page, {
    value: cell.growth.ratio, low: cell.growth.low, high: cell.growth.high, write: (ratio) => t.times(page.write.decimal(ratio)), tone: cell.growth.grew ? "bad" : cell.growth.shrank ? "good" : "",
  }) : nothing;
  return table(t.painsOf, [
    { head: page.t.aspect, cell: (cell) => html`${page.name("aspect", cell.aspect)} <small>${page.name("intent", cell.intent)}</small>` },
    { head: page.t.n, cell: (cell) => figure(page, { value: cell.n_negative, write: page.write.count, href: page.messagesNamed(cell.feedback) }), numeric: true },
    { head: page.t.share, cell: (cell) => figure(page, { value: cell.share_of_all_negative, low: cell.share_of_all_negative_low, high: cell.share_of_all_negative_high, write: page.write.percent }), numeric: true },
    ...(data.before_is_covered ? [{ head: t.growth, cell: growth, numeric: true }] : []),
  ], data.cells);
}
