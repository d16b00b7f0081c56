/** Waits part by part: a row for each, its waits as figures and as bars on one scale. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { figure, table } from "../../core/parts.js";
import { hoursAxis, hoursBar, hoursFigure, nineWords, scaleOf } from "./hours.js";

const SPOKEN = 4;

/** Return the table of an answer. */
export function drawWaits(page, t, data) {
  const rows = [data.total, ...data.groups];
  const scales = Object.fromEntries(["first_response", "resolution"].map((kind) => [kind, scaleOf(rows.map((row) => row[kind]))]));
  return html`<div class="support-waits">${table(t.waits, [
    { head: t[data.by], cell: (row) => nameOf(page, t, data, row) },
    waitColumn(page, t, data, { kind: "first_response", head: t.firstResponse, scale: scales.first_response }),
    waitColumn(page, t, data, { kind: "resolution", head: t.resolution, scale: scales.resolution }),
    { head: t.firstContact, cell: (row) => contact(page, t, data, row) },
  ], rows)}</div>`;
}

function nameOf(page, t, data, row) {
  const { by, total } = data;
  const name = row.value === null && row !== total && by === "queue" ? t.noQueue : page.pick(row, "label");
  return html`<b dir="auto">${name}</b> <small><a href=${openingOf(page, data, row, "any")}>${page.write.count(row.n)} ${t.cases}</a></small>`;
}

/** Return the address of the messages that opened a row's cases of a kind; copies open cases, too. */
export function openingOf(page, { by, total }, row, kind, more = {}) {
  return page.messages({ ...(row === total ? {} : { [by]: row.value ?? "" }), case: kind, copies: "show", ...more });
}

function waitColumn(page, t, data, { kind, head, scale }) {
  return {
    head: html`${head}${hoursAxis(page, scale)}`,
    cell: (row) => html`<span class="support-cell-head" aria-hidden="true">${head}</span>${hoursBar(row[kind], scale)}
      <span class="support-told">${hoursFigure(page, t, row[kind], openingOf(page, data, row, kind))}</span>
      <small>${nine(page, t, row[kind], openingOf(page, data, row, kind, { waited_h: row[kind].p90_h }))}${row[kind].n_waiting > 0 ? html`${row[kind].too_few ? "" : " · "}${t.waiting(page.write.count(row[kind].n_waiting))}` : nothing}</small>`,
  };
}

/** What nine of ten wait at most leads to the messages of those who waited as long, or longer. */
function nine(page, t, wait, href) {
  const words = nineWords(page, t, wait);
  if (!words) return nothing;
  return wait.p90_h === null ? html`<span>${words}</span>` : html`<a href=${href} title=${t.slowest}>${words}</a>`;
}

function contact(page, t, data, row) {
  return html`<span class="support-cell-head" aria-hidden="true">${t.firstContact}</span>${contactFigure(page, t, row, openingOf(page, data, row, "ended"))}`;
}

/** Return the share solved at first contact, one click from its messages. */
export function contactFigure(page, t, { n_ended: n, first_contact: value, first_contact_low: low, first_contact_high: high }, href) {
  if (n === 0) return html`<span class="hint">${t.notTold}</span>`;
  return figure(page, { value, low, high, n, unit: t.ended, write: page.write.percent, href });
}

/** Return the API's sentences about the parts: the largest at once, the rest on demand. */
export function drawSentences(page, t, { groups }) {
  if (groups.length === 0) return nothing;
  const line = (group) => html`<li>${page.pick(group, "sentence")}</li>`;
  return html`<div class="support-sentences"><h3>${t.sentences}</h3><ul class="sentences">${groups.slice(0, SPOKEN).map(line)}</ul>
    ${groups.length > SPOKEN ? html`<details><summary>${t.moreSentences}</summary><ul class="sentences">${groups.slice(SPOKEN).map(line)}</ul></details>` : nothing}</div>`;
}
