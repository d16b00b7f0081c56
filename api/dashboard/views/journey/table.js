/** The map as a table. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { figure, netFigure, sentimentBar, table, toneOf } from "../../core/parts.js";
import { changeOf } from "./stop.js";

/** Return the stages as rows; every figure leads to its messages. */
export function journeyTable(page, t, stages) {
  const href = ({ stage }) => page.messages({ stage });
  return table(t.map, [
    { head: page.t.stage, cell: (one) => html`<a href=${page.here({ focus: one.stage })}>${page.name("stage", one.stage)}</a>` },
    { head: page.t.netSentiment, cell: (one) => netFigure(page, one, href(one)), numeric: true },
    { head: page.t.change, cell: (one) => changeCell(page, t, one), numeric: true },
    { head: page.t.share, cell: (one) => figure(page, { value: one.share, low: one.share_low, high: one.share_high, write: page.write.percent, href: href(one) }), numeric: true },
    { head: page.t.sentiment, cell: (one) => sentimentBar(page, one, (kind) => page.messages({ stage: one.stage, sentiment: kind })) },
    { head: t.want, cell: (one) => labelsOf(page, one, "intent", one.top_intents) },
    { head: t.about, cell: (one) => labelsOf(page, one, "aspect", one.top_aspects) },
  ], stages);
}

function changeCell(page, t, one) {
  if (one.change === null) return changeOf(page, t, one);
  const { change: value, change_low: low, change_high: high } = one;
  return html`${figure(page, { value, low, high, write: page.write.points, tone: one.changed ? toneOf(value) : "" })} <small>${one.changed ? t.sure : t.unsure}</small>`;
}

function labelsOf(page, { stage }, kind, lines) {
  return html`<ul>${lines.map((one) => html`<li><a href=${page.messages({ stage, [kind]: one.label })}>${page.name(kind, one.label)}</a> ${page.write.percent(one.share)}</li>`)}</ul>`;
}
