/** Above the list: which messages come first, and the choices that are made most. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { valuesOf } from "../../core/address.js";
import { choices } from "../../core/parts.js";
import { wordlessHint } from "./narrowing.js";
import { exactly } from "./question.js";

const ANEW = { cursor: null, limit: null, open: null };
const SENTIMENTS = ["negative", "neutral", "positive", "mixed"];

/** Return the row of choices. */
export function controls(page, t, asked) {
  return html`<div class="msg-controls">
    ${choices(t.order, ["newest", "angriest"].map((id) => ({ name: t[id], href: page.here({ ...ANEW, order: id === "newest" ? null : id }), chosen: (asked.order ?? "newest") === id })))}
    ${sentiments(page, t)}
    ${toggle(page, t.unresolved, "unresolved", "true", asked.unresolved)} ${toggle(page, t.copies, "copies", "show", asked.copies)}
    ${page.query.has("sentiment") ? toggle(page, t.whole, "unit", "messages", asked.unit, t.wholeHint) : nothing}
    ${hour(page, t)}</div>${wordlessHint(page, t)}`;
}

function sentiments(page, t) {
  const chosen = valuesOf(page.query, "sentiment");
  const all = { name: t.anySentiment, href: page.here({ ...ANEW, sentiment: null, unit: null }), chosen: chosen.length === 0 };
  const each = SENTIMENTS.map((id) => ({
    name: page.name("sentiment", id), href: page.here({ ...ANEW, sentiment: id, ...(id === "mixed" ? {} : { unit: null }) }), chosen: chosen.length === 1 && chosen[0] === id,
  }));
  return choices(t.sentimentOf, [all, ...each]);
}

function toggle(page, name, parameter, value, asked, title = nothing) {
  const isOn = asked === value;
  const turn = () => page.actions.go(page.here({ ...ANEW, [parameter]: isOn ? null : value }));
  return html`<button type="button" class="msg-toggle" aria-pressed=${isOn} title=${title} @click=${turn}>${name}</button>`;
}

/** What the filter bar cannot say: the address may name hours. */
function hour(page, t) {
  const { from, to } = exactly(page);
  if (!from) return nothing;
  return html`<p class="hint">${t.hour(page.write.moment(from), page.write.moment(to))}
    <a href=${page.here({ ...ANEW, from: from.slice(0, 10), to: null, period: null })}>${t.wholePeriod}</a></p>`;
}
