/** The journey map: the stages as a path, how customers feel along it, and what hurts where. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { valuesOf } from "../core/address.js";
import { painsAsked, painsNote } from "../core/pains.js";
import { chanceNote, choices, downloads, estimateBadge, panel } from "../core/parts.js";
import { dayOf } from "../core/periods.js";
import { stageDetails } from "./journey/details.js";
import { journeyMap, quietStage } from "./journey/map.js";
import { journeyTable } from "./journey/table.js";
import { WORDS } from "./journey/words.js";

const WITHOUT_STAGE = { stage: null };
const N_PAINS = 100;

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  // A stage that is filtered for is lit, not cut out: a path of one stage tells nothing of the way.
  const journey = page.ask("journey", WITHOUT_STAGE);
  const asked = { emotions: page.ask("emotions", WITHOUT_STAGE), pains: page.ask("pains", painsAsked({ ...WITHOUT_STAGE, limit: N_PAINS })) };
  const focus = focusOf(page);
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.journey}</h1>${shapes(page, t)}</div>
    <div class="grid">${panel(page, {
      title: t.map, hint: hintOf(page, asked.emotions.data), answer: journey, wide: true, id: "journey-map",
      tools: html`${estimateBadge(page, journey.data)}${downloads(page, "journey", WITHOUT_STAGE)}`,
      draw: (data) => drawMap(page, t, data, { ...asked, focus }),
    })}</div>
    ${focus ? stageDetails(page, t, focus, journey.data?.stages.find(({ stage }) => stage === focus)?.n ?? null) : nothing}`;
}

/** The service's sentence tells raw figures only: beside corrected ones it would contradict them. */
function hintOf(page, emotions) {
  return emotions && page.estimate !== "adjusted" ? page.pick(emotions, "sentence") : page.t.netSentimentHint;
}

/** The stage that the address or the filters choose. */
function focusOf(page) {
  const known = new Set(page.options.names.stage.map(({ id }) => id));
  const filtered = valuesOf(page.query, "stage");
  const asked = page.query.get("focus") ?? (filtered.length === 1 ? filtered[0] : null);
  return known.has(asked) ? asked : null;
}

function shapes(page, t) {
  const isTable = page.query.get("as") === "table";
  return choices(t.shape, [
    { name: t.asMap, href: page.here({ as: null }), chosen: !isTable },
    { name: page.t.table, href: page.here({ as: "table" }), chosen: isTable },
  ]);
}

function drawMap(page, t, data, asked) {
  const stages = data.stages.filter(({ stage }) => stage !== "none");
  const quiet = data.stages.find(({ stage }) => stage === "none");
  const told = { ...asked, emotions: byStage(asked.emotions.data?.stages ?? []), pains: byStages(asked.pains.data?.cells ?? []), coversBefore: asked.pains.data?.before_is_covered };
  return html`${page.query.get("as") === "table" ? journeyTable(page, t, stages) : journeyMap(page, t, stages, told)}
    ${quiet?.n ? quietStage(page, t, quiet) : nothing}${painsNote(page)}${coverage(page, t, data)}
    ${chanceNote(page, stages.some((one) => one.change !== null && !one.changed))}`;
}

function coverage(page, t, data) {
  if (!data.data_from || dayOf(data.data_from) <= dayOf(data.before_from)) return nothing;
  return html`<p class="hint">${t.partBefore(page.write.day(data.data_from))}</p>`;
}

function byStage(told) {
  return new Map(told.map((one) => [one.stage, one]));
}

function byStages(cells) {
  const found = new Map();
  for (const cell of cells) found.set(cell.stage, [...(found.get(cell.stage) ?? []), cell]);
  return found;
}
