/** Of each brand: its part of all that is said, and its net sentiment beside that of the others. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { downloads, figure, netFigure, panel, sentimentBar, sureTone, table, toneOf } from "../../core/parts.js";
import { dot, fill, plotOrTable, ruler, scaleOf, track, whisker } from "../../core/track.js";
import { inOrder } from "./pair.js";

const ASKED = { phrases: 0 };

/** Return the panel of the shares of voice. */
export function sharePanel(page, t, data, answer) {
  const scale = scaleOf(data.brands.map((one) => one.share_of_voice_high), { from: 0 });
  const hint = data.brands.length === 2 && data.n_brands === 2 ? t.shareOfTwoHint : t.shareHint;
  return panel(page, {
    id: "share", title: t.share, hint: hint(page.write.count(data.n)), answer, tools: downloads(page, "brands", ASKED),
    draw: () => plotOrTable(page, { id: "share", plot: () => html`<ol class="br-rows">${data.brands.map((one) => shareRow(page, one, scale))}</ol>`, rows: () => rows(page, t, data) }),
  });
}

function shareRow(page, one, scale) {
  const { count, percent } = page.write;
  return html`<li data-brand=${one.brand}><a href=${page.messages({ brand: one.brand })}><bdi class="br-name">${one.brand}</bdi>
    ${figure(page, { value: one.share_of_voice, low: one.share_of_voice_low, high: one.share_of_voice_high, n: one.n, write: percent })}
    ${track(scale, [fill(scale, 0, one.share_of_voice, "accent"), whisker(scale, one.share_of_voice_low, one.share_of_voice_high)], { counts: true })}
    <span class="visually-hidden">${count(one.n)}</span></a></li>`;
}

/** Return the panel of the net sentiments, each with its test against all others. */
export function netPanel(page, t, data, answer) {
  const brands = inOrder(page, data.brands);
  const scale = scaleOf([0, ...brands.flatMap((one) => [one.net_sentiment_low, one.net_sentiment_high])]);
  return panel(page, {
    id: "net", title: t.net, hint: page.t.netSentimentHint, answer,
    draw: () => plotOrTable(page, {
      id: "net", rows: () => rows(page, t, data),
      plot: () => html`<ol class="br-rows">${brands.map((one) => netRow(page, t, one, { scale, other: brands.length === 2 ? brands.find((brand) => brand !== one).brand : null }))}
        <li aria-hidden="true">${ruler(scale, page.write.points)}</li></ol>${sameNote(t, brands)}`,
    }),
  });
}

function netRow(page, t, one, { scale, other }) {
  const tone = sureTone(one.net_sentiment, one.net_sentiment_low, one.net_sentiment_high);
  return html`<li data-brand=${one.brand}><a href=${page.messages({ brand: one.brand })}><bdi class="br-name">${one.brand}</bdi>${netFigure(page, one)}
    ${track(scale, [whisker(scale, one.net_sentiment_low, one.net_sentiment_high, tone), dot(scale, one.net_sentiment, tone)])}</a>
    <p class="br-versus">${versus(page, t, one.versus_others, other ? t.than(other) : t.thanOthers, other)}</p></li>`;
}

/** Return how a net sentiment differs from that of the others (or of the one other), and whether that is more than chance. */
export function versus(page, t, told, than, other = null) {
  if (told.difference === null) return html`<span class="hint">${other ? t.notComparedPair : t.notCompared}</span>`;
  const kind = told.differs ? (told.difference > 0 ? "positive" : "negative") : "";
  const { difference: value, difference_low: low, difference_high: high } = told;
  return html`<span class="tag ${kind}" title=${told.differs ? nothing : t.noDifferenceShort}>${told.differs ? (value > 0 ? t.better : t.worse) : t.noDifference}</span>
    ${figure(page, { value, low, high, write: page.write.points, tone: told.differs ? toneOf(value) : "" })} <span class="hint">${than}</span>`;
}

/** Return what no clear difference means, where one of these is marked so. */
export function sameNote(t, lines) {
  const isMarked = lines.some(({ versus_others: { difference, differs } }) => difference !== null && !differs);
  return isMarked ? html`<p class="hint br-same">${t.noDifferenceHint}</p>` : nothing;
}

function rows(page, t, data) {
  const href = (one) => page.messages({ brand: one.brand });
  return table(t.net, [
    { head: page.t.brand, cell: (one) => html`<bdi>${one.brand}</bdi>` },
    { head: page.t.share, cell: (one) => figure(page, { value: one.share_of_voice, low: one.share_of_voice_low, high: one.share_of_voice_high, n: one.n, write: page.write.percent, href: href(one) }), numeric: true },
    { head: page.t.sentiment, cell: (one) => sentimentBar(page, one, (sentiment) => page.messages({ brand: one.brand, sentiment })) },
    { head: page.t.netSentiment, cell: (one) => netFigure(page, { ...one, n: undefined }, href(one)), numeric: true },
    { head: data.brands.length === 2 ? t.difference : t.thanOthers, cell: (one) => one.versus_others.difference === null ? nothing : versus(page, t, one.versus_others, nothing), numeric: true },
  ], data.brands);
}
