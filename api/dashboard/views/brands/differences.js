/** Where brands differ: of two, each aspect or stage with both net sentiments; of more, a table in colours. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices, netFigure, panel, table } from "../../core/parts.js";
import { dot, fill, plotOrTable, ruler, scaleOf, track, whisker } from "../../core/track.js";
import { sameNote, versus } from "./figures.js";
import { inOrder } from "./pair.js";

const CUTS = ["aspect", "stage"];
/** Net sentiments at which a cell takes the next colour. */
const EDGES = [-60, -30, -8, 8, 30, 60];

/** Return the panel. */
export function differencesPanel(page, t, data, answer) {
  const cut = page.query.get("cut") === "stage" ? "stage" : "aspect";
  const options = CUTS.map((id) => ({ name: page.t[id], href: page.here({ cut: id === "aspect" ? null : id }), chosen: id === cut }));
  const brands = inOrder(page, data.brands);
  return panel(page, {
    id: "differences", title: t.differences, hint: brands.length === 2 ? t.differencesHint : t.heatHint, wide: true, answer, tools: choices(t.differences, options),
    draw: () => (brands.length === 2 ? pair(page, t, { brands, cut }) : heat(page, t, { brands, cut })),
  });
}

/** Both brands list the same labels in the same order; those with a tested difference come first, the largest first. */
function linesOf([first, second], cut) {
  const size = (line) => (line.versus_others.difference === null ? -1 : Math.abs(line.versus_others.difference));
  return first[`${cut}s`].map((part) => ({ ...part, cut, other: second[`${cut}s`].find(({ label }) => label === part.label) }))
    .filter((line) => line.n + line.other.n > 0).sort((one, other) => size(other) - size(one) || other.n - one.n);
}

function pair(page, t, { brands, cut }) {
  const lines = linesOf(brands, cut);
  const scale = scaleOf([0, ...lines.flatMap((line) => [line, line.other]).flatMap((one) => [one.net_sentiment_low, one.net_sentiment_high])]);
  const told = lines.filter((line) => line.net_sentiment !== null || line.other.net_sentiment !== null);
  const few = lines.filter((line) => !told.includes(line)).map((line) => page.name(cut, line.label));
  return html`<p class="br-legend" aria-hidden="true">${brands.map((one, at) => html`<span><i class="br-key br-${at}"></i><bdi>${one.brand}</bdi></span>`)}</p>
    ${plotOrTable(page, {
      id: "differences", rows: () => pairTable(page, t, { brands, lines, cut }),
      plot: () => html`<ol class="br-lines">${told.map((line) => pairRow(page, t, { line, brands, cut, scale }))}
        <li class="br-line" aria-hidden="true"><span></span>${ruler(scale, page.write.points)}<span></span></li></ol>`,
    })}${sameNote(t, brands) === nothing ? sameNote(t, told) : nothing}${few.length ? html`<p class="hint">${t.few(few.join(page.isRtl ? "، " : ", "))}</p>` : nothing}`;
}

function pairRow(page, t, { line, brands, cut, scale }) {
  const both = [line, line.other];
  const known = both.every((one) => one.net_sentiment !== null);
  return html`<li class="br-line" data-label=${line.label}><span class="br-label"><b>${page.name(cut, line.label)}</b>
      <span class="br-ns">${both.map((one, at) => html`<a href=${page.messages({ brand: brands[at].brand, [cut]: line.label })}><i class="br-key br-${at}"></i><span class="visually-hidden">${brands[at].brand}, ${page.name(cut, line.label)}: </span>
        <b><bdi>${one.net_sentiment === null ? page.t.tooFew : page.write.points(one.net_sentiment)}</bdi></b> <span class="n">${page.write.count(one.n)} ${page.t.mentions}</span></a>`)}</span></span>
    ${track(scale, [known ? fill(scale, line.net_sentiment, line.other.net_sentiment, "br-span") : nothing,
      both.map((one, at) => [whisker(scale, one.net_sentiment_low, one.net_sentiment_high, `br-${at}`), dot(scale, one.net_sentiment, `br-${at}`)])])}
    <span class="br-versus">${versus(page, t, line.versus_others, nothing, brands[1].brand)}</span></li>`;
}

function pairTable(page, t, { brands, lines, cut }) {
  const net = (one, brand) => netFigure(page, one, page.messages({ brand, [cut]: one.label }));
  return table(t.differences, [
    { head: page.t[cut], cell: (line) => page.name(cut, line.label) },
    { head: html`<bdi>${brands[0].brand}</bdi>`, cell: (line) => net(line, brands[0].brand), numeric: true },
    { head: html`<bdi>${brands[1].brand}</bdi>`, cell: (line) => net(line.other, brands[1].brand), numeric: true },
    { head: t.difference, cell: (line) => versus(page, t, line.versus_others, nothing, brands[1].brand) },
  ], lines);
}

function heat(page, t, { brands, cut }) {
  const total = (label) => brands.reduce((sum, one) => sum + partOf(one, cut, label).n, 0);
  const found = new Set(brands.flatMap((one) => one[`${cut}s`].map(({ label }) => label)));
  const known = (page.options.names[cut] ?? []).map(({ id }) => id).filter((id) => found.has(id));
  // Stages stay in the order of the journey.
  const labels = cut === "stage" ? known : known.sort((one, other) => total(other) - total(one));
  return html`<div class="br-heat">${table(t.differences, [
    { head: page.t[cut], cell: (label) => page.name(cut, label) },
    ...brands.map((one) => ({ head: html`<bdi>${one.brand}</bdi>`, cell: (label) => cell(page, t, { part: partOf(one, cut, label), brand: one.brand, cut, label }) })),
  ], labels)}</div>`;
}

function partOf(brand, cut, label) {
  return brand[`${cut}s`].find((part) => part.label === label) ?? { n: 0, net_sentiment: null, versus_others: { differs: false } };
}

function cell(page, t, { part, brand, cut, label }) {
  if (part.n === 0) return html`<span class="hint" aria-label=${t.nothingSaid}>·</span>`;
  const { points, count } = page.write;
  const href = page.messages({ brand, [cut]: label });
  if (part.net_sentiment === null) return html`<a class="br-cell" href=${href} title=${page.t.tooFewHint}><span class="n">${page.t.tooFew}</span> <span class="n">${count(part.n)}</span></a>`;
  const { differs, difference } = part.versus_others;
  const sign = differs ? html`<span class="br-sign" title="${difference > 0 ? t.better : t.worse} ${points(difference)}">${difference > 0 ? "▲" : "▼"}<span class="visually-hidden">${difference > 0 ? t.better : t.worse}</span></span>` : nothing;
  return html`<a class="br-cell br-tone${EDGES.filter((edge) => part.net_sentiment >= edge).length}" href=${href}
    title="${page.t.interval}: ${points(part.net_sentiment_low)} ${page.t.between} ${points(part.net_sentiment_high)}"><b><bdi>${points(part.net_sentiment)}</bdi></b>${sign}
    <span class="n">${count(part.n)}</span></a>`;
}
