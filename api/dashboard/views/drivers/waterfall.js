/** The walk from the net sentiment before to that of now: one bar for each part, one click from its messages. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { sureTone, table, toneOf } from "../../core/parts.js";
import { reasons } from "../../core/reasons.js";
import { dot, fill, plotOrTable, ruler, scaleOf, track, whisker } from "../../core/track.js";
import { comparisonOf, messagesBefore } from "./comparison.js";
import { fold, walk } from "./steps.js";

const MOST_PARTS = 7;
const opened = new Set();

/** Return the picture of an answer of `/v1/drivers`, which can be read as a table too. */
export function waterfall(page, t, data) {
  const isWhole = page.query.get("parts") === "all";
  const folded = fold(data.drivers, isWhole ? Infinity : MOST_PARTS);
  const ordered = [...folded.worse, ...folded.better, ...(folded.rest ? [folded.rest] : [])];
  const steps = walk(data.net_sentiment_before, ordered);
  const wasFolded = isWhole && fold(data.drivers, MOST_PARTS).rest;
  return html`${plotOrTable(page, { id: "waterfall", plot: () => plot(page, t, { data, folded, steps }), rows: () => rows(page, t, ordered, data) })}
    <p class="hint dr-sum">${addsUp(page, t, data)} ${folded.rest ? html`${t.restHint} <a href=${page.here({ parts: "all" })}>${t.openRest}</a>` : nothing}
      ${wasFolded ? html`<a href=${page.here({ parts: null })}>${t.foldRest}</a>` : nothing}</p>`;
}

function addsUp(page, t, data) {
  const write = page.write.pointsFine;
  return t.addsUp(write(data.drivers.reduce((sum, part) => sum + part.total, 0)), write(data.net_sentiment_before), write(data.net_sentiment));
}

function plot(page, t, { data, folded, steps }) {
  const scale = scaleOf([data.net_sentiment_before, data.net_sentiment, ...steps.flatMap(reach)]);
  const of = (parts) => steps.filter((step) => parts.includes(step.part)).map((step) => row(page, t, { step, data, scale }));
  const group = (parts, title, kind) => parts.length === 0 ? nothing
    : html`<li class="dr-group"><h3>${groupName(page, t, parts, { title, kind })}</h3></li>${of(parts)}`;
  return html`${legend(t)}<ol class="dr-waterfall">
    ${end(page, { name: t.before, value: data.net_sentiment_before, n: data.n_before, href: messagesBefore(page, data), scale })}
    ${group(folded.worse, t.worse, "bad")}${group(folded.better, t.better, "good")}${folded.rest ? of([folded.rest]) : nothing}
    ${end(page, { name: t.now, value: data.net_sentiment, n: data.n, href: page.messages(), scale })}
    <li class="dr-line dr-foot"><span></span>${ruler(scale, page.write.points)}<span></span></li></ol>`;
}

/** What may all be chance is told calmly. */
function groupName(page, t, parts, { title, kind }) {
  const isSure = parts.some((part) => part.significant);
  return html`${title} <bdi class=${isSure ? kind : ""}>${page.write.pointsFine(sumOf(parts))}</bdi>${isSure ? nothing : html` <span class="tag">${t.byChance}</span>`}`;
}

function sumOf(parts) {
  return parts.reduce((sum, part) => sum + part.total, 0);
}

function reach({ part, start, end }) {
  return [end, part.total_low === undefined ? start : start + part.total_low, part.total_high === undefined ? start : start + part.total_high];
}

function legend(t) {
  return html`<p class="dr-legend" aria-hidden="true"><span><i class="dr-swatch dr-worse dr-sure"></i><i class="dr-swatch dr-better dr-sure"></i>${t.legendSure}</span>
    <span><i class="dr-swatch dr-worse"></i><i class="dr-swatch dr-better"></i>${t.legendChance}</span><span><i class="dr-swatch dr-whisker"></i>${t.legendWhisker}</span>
    <span><i class="dr-swatch dr-within"></i>${t.within}</span><span><i class="dr-swatch dr-mix"></i>${t.mix}</span></p>`;
}

function end(page, { name, value, n, href, scale }) {
  return html`<li class="dr-end" data-value=${value}><a class="dr-line" href=${href}>
    <span class="dr-name"><b>${name}</b> <span class="n">${page.write.count(n)} ${page.t.mentions}</span></span>
    ${track(scale, dot(scale, value, "line"))}
    <span class="dr-figure"><b><bdi>${page.write.pointsFine(value)}</bdi></b></span></a></li>`;
}

function row(page, t, { step, data, scale }) {
  const { part, start, end: at } = step;
  const told = partWords(page, t, part, data);
  const kind = `${part.parts ? "dr-rest" : part.total < 0 ? "dr-worse" : "dr-better"} ${part.significant ? "dr-sure" : ""}`;
  return html`<li class="dr-step ${kind}" data-total=${part.total} data-value=${part.value ?? ""}>
    <a class="dr-line" href=${told.href} title=${told.tip}><span class="dr-name"><bdi>${told.name}</bdi> <span class="n">${page.write.count(part.n)} ${page.t.mentions}</span></span>
      ${track(scale, bars(scale, part, start, at))}
      <span class="dr-figure"><b class=${part.parts || !part.significant ? "" : toneOf(part.total)}><bdi>${page.write.pointsFine(part.total)}</bdi></b>
        ${interval(page, part, "total")}${part.significant || part.parts ? nothing : html`<span class="visually-hidden">${t.byChance}</span>`}</span></a>
    ${why(page, t, part, told)}</li>`;
}

function bars(scale, part, start, end) {
  const turned = start + part.within;
  return html`${fill(scale, start, end, "dr-whole")}${fill(scale, start, turned, "dr-within")}${fill(scale, turned, end, "dr-mix")}${dot(scale, start, "dr-from")}
    ${part.total_low === undefined ? nothing : whisker(scale, start + part.total_low, start + part.total_high)}`;
}

function interval(page, part, field) {
  if (part[`${field}_low`] === undefined) return nothing;
  const write = page.write.pointsFine;
  return html`<span class="sure" title=${page.t.interval}><bdi>${write(part[`${field}_low`])}</bdi> ${page.t.between} <bdi>${write(part[`${field}_high`])}</bdi></span>`;
}

/** What a part is called and says, what makes it one, and where its messages are; the rest leads to those of all its parts. */
function partWords(page, t, part, data) {
  const split = `${t.mix} ${page.write.pointsFine(part.mix)} · ${t.within} ${page.write.pointsFine(part.within)}`;
  if (!part.parts) {
    return {
      name: page.pick(part, "label"), sentence: page.pick(part, "sentence"), tip: `${page.pick(part, "sentence")} ${split}`,
      href: page.messagesNamed(part.messages) ?? page.messages(), hrefBefore: page.messagesNamed(part.messages_before),
      labels: { [data.by]: part.value ?? "" },
    };
  }
  const labels = { [data.by]: part.parts.map((one) => one.value ?? "") };
  const names = part.parts.map((one) => page.pick(one, "label")).join(page.isRtl ? "، " : ", ");
  return {
    name: t.rest(page.write.count(part.parts.length)), sentence: names, tip: `${names}. ${split}`, href: page.messages(labels),
    hrefBefore: messagesBefore(page, data, labels),
  };
}

function why(page, t, part, told) {
  const id = part.parts ? "rest" : `part-${part.value ?? "none"}`;
  const isOpen = opened.has(id);
  const turn = () => {
    if (!opened.delete(id)) opened.add(id);
    page.actions.redraw();
  };
  return html`<button type="button" class="dr-why" aria-expanded=${isOpen} aria-controls=${`why-${id}`} aria-label="${t.why} ${told.name}" @click=${turn}>${t.why}</button>
    <div class="dr-because" id=${`why-${id}`} ?hidden=${!isOpen}>${isOpen ? because(page, t, part, told) : nothing}</div>`;
}

function because(page, t, part, told) {
  // What is shown adds up to what is shown: the second part takes what rounding the first one leaves.
  const shown = { within: tenths(part.within), mix: tenths(part.total) - tenths(part.within) };
  const line = (field, hint) => html`<li><b class=${part.significant || part.parts ? sureTone(part[field], part[`${field}_low`], part[`${field}_high`]) : ""}><bdi>${page.write.pointsFine(shown[field])}</bdi></b> ${t[field]}
    <span class="hint">${hint}</span> ${interval(page, part, field)}</li>`;
  return html`<p>${told.sentence}</p><ul>${line("within", t.withinHint)}${line("mix", t.mixHint)}</ul>
    <p class="dr-links"><a href=${told.href}>${t.messagesNow} (${page.write.count(part.n)} ${page.t.mentions})</a>
      ${told.hrefBefore ? html`<a href=${told.hrefBefore}>${t.messagesBefore} (${page.write.count(part.n_before)} ${page.t.mentions})</a>` : nothing}</p>
    ${told.labels ? reasons(page, told.labels, { points: part.total, before: comparisonOf(page).asked }) : nothing}`;
}

function tenths(points) {
  return Math.round(points * 10) / 10;
}

function rows(page, t, parts, data) {
  const { pointsFine, points, percent, count } = page.write;
  const one = (value, write) => html`<bdi>${value === null ? page.t.tooFew : write(value)}</bdi>`;
  const both = (now, before, write) => html`${one(before, write)} ${page.isRtl ? "←" : "→"} ${one(now, write)}`;
  const cell = (field) => (part) => html`<bdi>${pointsFine(part[field])}</bdi> ${interval(page, part, field)}`;
  const linked = (n, href) => (href ? html`<a href=${href}>${count(n)}</a>` : count(n));
  const words = new Map(parts.map((part) => [part, partWords(page, t, part, data)]));
  return table(t.changeTitle, [
    { head: t.part, cell: (part) => words.get(part).name },
    { head: t.total, cell: (part) => html`${cell("total")(part)} ${part.parts ? nothing : html`<span class="hint">${part.significant ? t.sure : t.byChance}</span>`}`, numeric: true },
    { head: t.within, cell: cell("within"), numeric: true },
    { head: t.mix, cell: cell("mix"), numeric: true },
    { head: t.now, cell: (part) => linked(part.n, words.get(part).href), numeric: true },
    { head: t.before, cell: (part) => linked(part.n_before, words.get(part).hrefBefore), numeric: true },
    { head: page.t.share, cell: (part) => part.parts ? nothing : both(part.share, part.share_before, percent), numeric: true },
    { head: page.t.netSentiment, cell: (part) => part.parts ? nothing : both(part.net_sentiment, part.net_sentiment_before, points), numeric: true },
  ], parts);
}
