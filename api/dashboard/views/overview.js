/** Overview: a CX team's morning in one look: how it is, what changed and why, what waits, did the fix help. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { askOpen } from "../core/open.js";
import { painsAsked } from "../core/pains.js";
import { addDays, daysBetween, isoOf } from "../core/periods.js";
import { alertsPanel } from "./overview/alerts.js";
import { askTrends } from "./overview/buckets.js";
import { changesPanel } from "./overview/changes.js";
import { eventsPanel } from "./overview/events.js";
import { keyFigures } from "./overview/key-figures.js";
import { painsPanel } from "./overview/pains.js";
import { trendPanel } from "./overview/trend.js";
import { WORDS } from "./overview/words.js";

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const asked = askAll(page);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.overview}</h1></div>
    ${keyFigures(page, t, asked)}
    <div class="overview">${trendPanel(page, t, asked.trends)}${changesPanel(page, t, asked)}
      ${asked.alerts ? alertsPanel(page, t, asked.alerts) : nothing}${painsPanel(page, t, asked.pains)}${eventsPanel(page, t, asked.events)}</div>`;
}

/** Every question goes out at once; only what came of an event waits for the list of events. */
function askAll(page) {
  const { start, end } = page.period;
  const before = { from: isoOf(addDays(start, -daysBetween(start, end))), to: isoOf(start) };
  const isAdjusted = page.estimate === "adjusted";
  return {
    before,
    stages: page.ask("compare", { by: "stage" }),
    sentiments: page.ask("compare", { by: "sentiment", sentiment: null }),
    adjusted: isAdjusted ? page.ask("breakdown", { by: "sentiment", sentiment: null }) : null,
    messages: page.ask("feedback", { limit: "1" }),
    messagesBefore: page.ask("feedback", { limit: "1", ...before }),
    urgent: askOpen(page, { flag: "urgent" }, 1),
    trends: askTrends(page),
    drivers: page.ask("drivers", { by: "aspect" }),
    pains: page.ask("pains", painsAsked({ limit: "8" })),
    // A key that sees some brands only is refused the alerts of all.
    alerts: page.session.brands ? null : page.askPlain("alerts?acknowledged=false&limit=5"),
    events: page.askPlain("events"),
  };
}
