/** Alerts that nobody has acknowledged yet. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { panel, refusal } from "../../core/parts.js";
import { addDays, dayOf, isoOf } from "../../core/periods.js";

let failed = null;

/** Return the panel. */
export function alertsPanel(page, t, answer) {
  const n = answer.data?.n ?? 0;
  return panel(page, {
    id: "alerts", title: html`${t.alerts}${n ? html` <span class="badge">${page.write.count(n)}</span>` : nothing}`, answer, isEmpty: () => false,
    draw: (data) => (data.items.length === 0 ? calm(t) : html`${failed ? refusal(page, failed) : nothing}
      <ul class="ov-alerts">${data.items.map((alert) => alertRow(page, t, alert))}</ul>
      ${n > data.items.length ? html`<p class="hint">${t.moreAlerts.replace("{n}", page.write.count(n - data.items.length))}</p>` : nothing}`),
  });
}

function calm(t) {
  return html`<div class="ov-calm"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"></circle><path d="M7.500 12.500l3.200 3.200L16.500 9"></path></svg>
    <p><b>${t.noAlerts}</b></p><p class="hint">${t.noAlertsHint}</p></div>`;
}

function alertRow(page, t, alert) {
  const messages = messagesOf(page, alert);
  return html`<li><p dir="auto">${titleOf(page, alert)}</p>
    <p class="ov-links"><small>${page.write.ago(alert.raised_at)}</small>
      ${messages ? html`<a href=${messages}>${page.t.seeMessages}</a>` : nothing}
      ${page.mayWrite ? html`<button type="button" @click=${() => acknowledge(page, t, alert)} aria-label="${t.acknowledge}: ${titleOf(page, alert)}">${t.acknowledge}</button>` : nothing}</p></li>`;
}

/** The name of the rule in front is for those who wrote the rules. */
function titleOf(page, alert) {
  const title = page.pick(alert, "title");
  return title.startsWith(`${alert.rule}: `) ? title.slice(alert.rule.length + 2) : title;
}

/** The page's periods are whole days, so a moment within a day takes in that day; of urgent ones, those that wait. */
function messagesOf(page, { kind, evidence }) {
  if (!evidence.feedback) return null;
  const named = new URL(evidence.feedback, location.origin);
  const { searchParams: asked } = named;
  const to = asked.get("to");
  if (to?.includes("T")) asked.set("to", isoOf(addDays(dayOf(to), 1)));
  if (asked.get("from")) asked.set("from", asked.get("from").slice(0, 10));
  if (kind === "urgent") asked.set("unresolved", "true");
  return page.messagesNamed(named.pathname + named.search);
}

async function acknowledge(page, t, alert) {
  try {
    await page.answers.send("POST", `/v1/alerts/${alert.id}/acknowledge`);
    failed = null;
    page.actions.say(t.acknowledged);
  } catch (error) {
    failed = error;
  }
  page.answers.forget();
}
