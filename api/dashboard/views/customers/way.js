/** One customer's way: over which channels, through which stages, message after message. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { inside, panel, picture, table } from "../../core/parts.js";
import { lanesOption } from "./lanes.js";
import { shortKey } from "./said.js";
import { drawSteps } from "./steps.js";
import { lengthOf } from "./time.js";
import { WORDS } from "./words.js";

const PAGE_SIZE = 100;
const LONG_MS = 300 * 86_400_000;
const MARKS = {
  negative: svg`<path d="M1 2h12L7 12.500z" />`, neutral: svg`<circle cx="7" cy="7" r="5.500" />`, positive: svg`<path d="M1 12h12L7 1.500z" />`,
  mixed: svg`<path d="M7 1l6 6-6 6-6-6z" />`, unread: svg`<circle cx="7" cy="7" r="5" />`,
};

/** Return the view of the customer with this key. */
export function drawWay(page, key) {
  const t = page.words(WORDS);
  const way = wayAnswer(page, key);
  return html`<p class="way-crumbs"><a href=${page.address("customers")}>${page.t.customers}</a></p>
    <div class="view-head"><h1 tabindex="-1">${t.customer} ${shortKey(key)}</h1>${keyBox(page, t, key)}</div>
    <p class="hint way-hint">${t.whyKey} ${t.whole}</p>
    ${way.error?.status === 404 ? missing(page, t) : inside(page, { answer: way, isEmpty: () => false, draw: (data) => drawn(page, t, data) })}`;
}

/** The pages asked for so far, as one answer. */
function wayAnswer(page, key) {
  const wanted = Math.max(1, Math.trunc(Number(page.query.get("pages"))) || 1);
  const route = `/v1/customers/${encodeURIComponent(key)}/journey?limit=${PAGE_SIZE}`;
  const first = page.answers.ask(route);
  let [last, steps] = [first, [...(first.data?.steps ?? [])]];
  for (let at = 1; at < wanted && last.data?.next; at += 1) {
    last = page.answers.ask(`${route}&cursor=${encodeURIComponent(last.data.next)}`);
    steps = [...steps, ...(last.data?.steps ?? [])];
  }
  if (!first.data || last.error) return last;
  return { ...first, data: { ...first.data, steps, next: last.data?.next ?? null, loading: last.status === "loading" } };
}

function drawn(page, t, way) {
  return html`${facts(page, t, way)}<div class="grid">
    ${panel(page, { title: t.lanes, hint: t.lanesHint, answer: { status: "ready", data: way }, isEmpty: () => false, wide: true, id: "lanes", draw: () => lanes(page, t, way) })}
    ${panel(page, { title: t.stages, hint: t.stagesHint, answer: { status: "ready", data: way }, isEmpty: () => false, wide: true, id: "stages", draw: () => stages(page, t, way) })}
    ${panel(page, { title: t.steps, answer: { status: "ready", data: way }, isEmpty: () => false, wide: true, id: "steps", draw: () => drawSteps(page, t, way) })}</div>`;
}

function missing(page, t) {
  return html`<div class="panel nothing"><p>${t.missing}</p><p><a class="button" href=${page.address("customers")}>${page.t.customers}</a></p></div>`;
}

function keyBox(page, t, key) {
  const copy = async (event) => {
    const box = event.target.closest(".way-key");
    try {
      await navigator.clipboard.writeText(key);
      page.actions.say(t.copied);
      box.dataset.copied = "true";
    } catch {
      // Browsers keep the clipboard from pages without TLS: then the key is there to be marked by hand.
      box.querySelector("details").open = true;
    }
  };
  return html`<div class="way-key"><button type="button" @click=${copy}>${t.copy}</button><span class="done" aria-hidden="true">✓ ${t.copied}</span>
    <details><summary>${t.wholeKey}</summary><code dir="ltr" translate="no">${key}</code></details></div>`;
}

function facts(page, t, way) {
  const days = (new Date(way.last_at) - new Date(way.first_at)) / 1000;
  return html`<dl class="way-facts">
    <div><dt>${page.t.messages}</dt><dd><a href="#steps">${page.write.count(way.n_messages)}</a></dd></div>
    <div><dt>${t.channels}</dt><dd>${way.channels.map((id) => page.name("channel", id)).join(page.isRtl ? "، " : ", ")}</dd></div>
    <div><dt>${t.stretch}</dt><dd>${page.write.day(way.first_at)}${days > 0 ? html` ${page.t.between} ${page.write.day(way.last_at)} <span class="hint">(${lengthOf(page, days)})</span>` : nothing}</dd></div></dl>`;
}

function lanes(page, t, way) {
  const step = (one) => `#step-${one.id}`;
  const show = ({ data }) => data?.step && showStep(data.step.id);
  return html`${picture(page, {
    id: "lanes", label: t.lanesLabel, option: lanesOption(page, way), height: `${5.5 + 3.25 * way.channels.length}rem`, onPick: show,
    rows: () => table(t.lanes, [
      { head: t.when, cell: (one) => html`<a href=${step(one)}>${page.write.moment(one.created_at)}</a>` },
      { head: page.t.channel, cell: (one) => page.name("channel", one.channel) },
      { head: page.t.sentiment, cell: (one) => (one.sentiment ? page.name("sentiment", one.sentiment) : t.unread) },
      { head: page.t.mentions, cell: (one) => page.write.count(one.mentions.length), numeric: true },
    ], way.steps),
  })}${legend(page, t, way)}`;
}

/** The shapes as they are drawn, those that occur. */
function legend(page, t, way) {
  const felt = new Set(way.steps.map((step) => step.sentiment ?? "unread"));
  return html`<ul class="way-legend" aria-label=${page.t.sentiment}>${Object.keys(MARKS).filter((kind) => felt.has(kind)).map((kind) => html`<li><svg
    class=${kind} viewBox="0 0 14 14" aria-hidden="true">${MARKS[kind]}</svg>${kind === "unread" ? t.unread : page.name("sentiment", kind)}</li>`)}</ul>`;
}

function showStep(id) {
  const step = document.getElementById(`step-${id}`);
  step?.scrollIntoView({ block: "center" });
  step?.focus({ preventScroll: true });
}

function stages(page, t, way) {
  const passed = way.stages.filter(({ stage }) => stage !== "none");
  if (passed.length === 0) return html`<p class="hint">${t.noStages}</p>`;
  const chosen = page.query.get("at");
  return html`<ol class="way-stages">${passed.map((one) => html`<li><a href=${page.here({ at: chosen === one.stage ? null : one.stage })}
      aria-current=${chosen === one.stage ? "true" : nothing}>
      <b>${page.name("stage", one.stage)}</b>
      <span class="bar" aria-hidden="true">${["negative", "neutral", "positive"].filter((kind) => one[`n_${kind}`] > 0)
        .map((kind) => html`<span class="part ${kind}" .style=${`flex-grow:${one[`n_${kind}`]}`}></span>`)}</span>
      <span class="way-counts">${countsOf(page, one)}</span>
      <small>${dates(page, one)}</small></a></li>`)}</ol>`;
}

function countsOf(page, one) {
  return ["negative", "neutral", "positive"].filter((kind) => one[`n_${kind}`] > 0)
    .map((kind) => html`<span class="way-count ${kind}">${page.write.count(one[`n_${kind}`])} ${page.name("sentiment", kind)}</span> `);
}

function dates(page, one) {
  const isLong = new Date(one.last_at) - new Date(one.first_at) > LONG_MS;
  const [from, to] = [one.first_at, one.last_at].map(isLong ? page.write.month : page.write.dayShort);
  return from === to ? from : `${from} ${page.t.between} ${to}`;
}
