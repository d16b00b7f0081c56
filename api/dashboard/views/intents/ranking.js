/** The intents by how much they are said, how they feel, and what changed. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { downloads, figure, netFigure, panel, scrolling, sentimentBar, table, toneOf } from "../../core/parts.js";

/** Return the panel. */
export function rankingPanel(page, t) {
  const params = { by: "intent" };
  return panel(page, {
    title: t.ranking, answer: page.ask("compare", params), wide: true, id: "intent-ranking", tools: downloads(page, "compare", params),
    draw: (data) => html`<p class="intent-summary">${page.pick(data, "summary")}</p>${scrolling(page, rankingTable(page, t, data))}<p class="hint">${t.together}</p>`,
  });
}

function rankingTable(page, t, data) {
  const { write } = page;
  const ranked = [...data.lines].sort((one, other) => other.n - one.n).filter(({ n }) => n > 0);
  const href = (one) => page.messages({ intent: one.value });
  return table(t.ranking, [
    { head: page.t.intent, cell: (one) => html`<span title=${page.pick(one, "sentence")}>${page.pick(one, "label")}</span>` },
    { head: page.t.share, cell: (one) => html`${figure(page, { value: one.share, low: one.share_low, high: one.share_high, n: one.n, write: write.percent, href: href(one) })}<span class="meter" .style=${`--share:${(one.share * 100).toFixed(1)}%`}></span>` },
    { head: page.t.netSentiment, cell: (one) => netFigure(page, { ...one, n: undefined }, href(one)) },
    { head: page.t.sentiment, cell: (one) => sentimentBar(page, one, (kind) => page.messages({ intent: one.value, sentiment: kind })) },
    { head: t.changeOfShare, cell: (one) => change(page, t, { value: one.share_change, low: one.share_change_low, high: one.share_change_high, sure: one.share_significant, write: (share) => write.pointsFine(share * 100), one }) },
    { head: t.changeOfNet, cell: (one) => change(page, t, { value: one.change, low: one.change_low, high: one.change_high, sure: one.significant, write: write.points, tone: toneOf(one.change), one }) },
  ], ranked);
}

function change(page, t, { value, low, high, sure, write, tone, one }) {
  if (value === null) return html`<span class="hint">${one.n_before ? page.t.tooFew : t.noBefore}</span>`;
  return html`${figure(page, { value, low, high, write, tone: sure ? tone : "", href: page.messagesNamed(one.messages) })} <small>${sure ? t.sure : t.unsure}</small>`;
}
