/** Where most is complained of: stage, aspect and intent together. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { painsNote } from "../../core/pains.js";
import { panel } from "../../core/parts.js";

/** Return the panel. */
export function painsPanel(page, t, answer) {
  return panel(page, {
    id: "pains", title: t.pains, hint: t.painsHint, answer, tools: html`<a href=${page.address("journey")}>${t.toJourney}</a>`,
    draw: (data) => html`${painsNote(page)}${data.cells.length === 0 ? html`<p class="hint">${t.noPains}</p>` : html`<ol class="ov-pains">${data.cells.map((cell) => pain(page, t, data, cell))}</ol>`}`,
  });
}

function pain(page, t, data, cell) {
  const names = ["stage", "aspect", "intent"].map((kind) => page.name(kind, cell[kind]));
  const share = `${(cell.n_negative / data.cells[0].n_negative) * 100}%`;
  return html`<li><a href=${page.messagesNamed(cell.feedback)}><span class="ov-path">${names.map((name, at) => html`${at ? html`<span aria-hidden="true"> › </span>` : nothing}<span>${name}</span> `)}</span>
      <b>${page.write.count(cell.n_negative)}<span class="visually-hidden"> ${page.t.mentions}</span></b></a>
    <span class="ov-gauge" aria-hidden="true"><i .style=${`inline-size:${share}`}></i></span>${formerly(page, t, data, cell)}</li>`;
}

/** What cannot be held against a whole period before is not. */
function formerly(page, t, data, { growth, n_negative_before: before }) {
  if (!data.before_is_covered) return nothing;
  const tone = growth?.grew ? "bad" : growth?.shrank ? "good" : "";
  const arrow = growth?.grew ? "▲ " : growth?.shrank ? "▼ " : "";
  return html`<small class=${tone}><span aria-hidden="true">${arrow}</span>${t.formerly} ${page.write.count(before)}</small>`;
}
