/** What is talked about: volume, net sentiment with its interval, and the change of each aspect. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { chanceNote, choices, downloads, figure, netFigure, panel, sentimentBar, sureTone, toneOf } from "../../core/parts.js";
import { dot, ruler, scaleOf, track, whisker } from "../../core/track.js";

const ORDERS = {
  n: (line) => -line.n,
  net: (line) => line.net_sentiment ?? Infinity,
  change: (line) => (line.change === null ? Infinity : -Math.abs(line.change)),
};

/** Return the panel of a comparison by aspect. */
export function aspectsPanel(page, t, compared) {
  const order = page.query.get("order") in ORDERS ? page.query.get("order") : "n";
  const options = Object.keys(ORDERS).map((id) => ({ name: t.orders[id], href: page.here({ order: id === "n" ? null : id }), chosen: id === order }));
  return panel(page, {
    id: "aspects", title: t.aspects, hint: t.aspectsHint, wide: true, answer: compared,
    tools: html`${choices(t.order, options)}${downloads(page, "compare", { by: "aspect" })}`,
    draw: (data) => ranking(page, t, data, order),
  });
}

function ranking(page, t, data, order) {
  const lines = data.lines.filter((line) => line.n > 0).sort((one, other) => ORDERS[order](one) - ORDERS[order](other) || other.n - one.n);
  const scale = scaleOf([data.total, ...lines].flatMap((line) => [line.net_sentiment, line.net_sentiment_low, line.net_sentiment_high]));
  const heads = [page.t.aspect, page.t.n, page.t.sentiment, html`${page.t.netSentiment}<span class="dr-beside">${ruler(scale, page.write.points)}</span>`, t.changeFrom];
  return html`<table class="dr-ranking"><caption class="visually-hidden">${t.aspects}</caption>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${lines.map((line) => row(page, t, line, { scale, total: data.total }))}</tbody></table>
    ${chanceNote(page, lines.some((line) => line.change !== null && !line.significant))}`;
}

function row(page, t, line, { scale, total }) {
  const href = page.messagesNamed(line.messages);
  return html`<tr data-aspect=${line.value}><th scope="row"><a href=${href}>${page.pick(line, "label")}</a></th>
    <td class="dr-volume">${figure(page, { value: line.n, write: page.write.count, href })} <span class="hint">${page.write.percent(line.share)}</span></td>
    <td class="dr-feelings">${sentimentBar(page, line, (sentiment) => page.messages({ aspect: line.value, sentiment }))}</td>
    <td class="dr-net"><span class="dr-beside">${line.net_sentiment === null ? html`<i></i>` : track(scale, [
      dot(scale, total.net_sentiment, "line"), whisker(scale, line.net_sentiment_low, line.net_sentiment_high, toneOfNet(line)),
      dot(scale, line.net_sentiment, toneOfNet(line)),
    ])}${netFigure(page, { ...line, n: undefined }, href)}</span></td>
    <td class="dr-moved">${line.net_sentiment === null ? nothing : html`<span class="dr-only-phone">${t.changeFrom}</span> ${change(page, t, line)}`}</td></tr>`;
}

function toneOfNet(line) {
  return sureTone(line.net_sentiment, line.net_sentiment_low, line.net_sentiment_high);
}

function change(page, t, line) {
  if (line.change === null) return html`<span class="too-few" title=${page.t.tooFewHint}>${page.t.tooFew}</span>`;
  const told = figure(page, {
    value: line.change, low: line.change_low, high: line.change_high, write: page.write.points,
    tone: line.significant ? toneOf(line.change) : "", href: page.messagesNamed(line.messages_before),
  });
  return html`${told} ${line.significant ? nothing : html`<span class="hint">${t.byChance}</span>`}`;
}
