/** Stage × intent: a table whose cells are coloured by how much is said, each one click from its messages. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices, downloads, panel, scrolling } from "../../core/parts.js";
import { focusOf, showAsked } from "./asked.js";

const BY = ["stage", "intent"];
/** Mentions of a stage from which shares of it are told. */
const ENOUGH = 30;

/** Return the panel. */
export function heatPanel(page, t) {
  // Stage and intent at once cannot be corrected; the panel says so where figures are asked for corrected.
  const params = { by: BY, estimate: null };
  const byShare = page.query.get("heat") === "share";
  return panel(page, {
    title: t.map, hint: t.mapHint, answer: page.ask("breakdown", params), wide: true, id: "intent-map",
    tools: html`${choices(t.colour, [
      { name: t.byCount, href: page.here({ heat: null }), chosen: !byShare },
      { name: t.byShare, href: page.here({ heat: "share" }), chosen: byShare },
    ])}${downloads(page, "breakdown", params)}`,
    draw: (data) => html`${scrolling(page, heatTable(page, t, tableOf(page, data.groups), byShare))}
      <p class="hint">${t.shareHint}${page.estimate === "adjusted" ? html` ${t.rawOnly}` : nothing}</p>`,
  });
}

/** Stages and intents that occur, in the order of the journey, with the sums of both. */
function tableOf(page, groups) {
  const cells = new Map(groups.map((group) => [`${group.values.stage} ${group.values.intent}`, group]));
  const sums = { stage: new Map(), intent: new Map() };
  for (const { values, n } of groups) {
    for (const kind of BY) sums[kind].set(values[kind], (sums[kind].get(values[kind]) ?? 0) + n);
  }
  const idsOf = (kind) => page.options.names[kind].map(({ id }) => id).filter((id) => sums[kind].has(id));
  return { stages: idsOf("stage"), intents: idsOf("intent"), cells, sums, most: Math.max(...groups.map(({ n }) => n)) };
}

function heatTable(page, t, told, byShare) {
  const chosen = focusOf(page);
  const head = (stage) => html`<th scope="col" class=${stage === "none" ? "apart" : ""}><a href=${page.here({ focus: stage })} aria-current=${stage === chosen ? "true" : nothing}
    @click=${showAsked}>${page.name("stage", stage)} <small>${page.write.count(told.sums.stage.get(stage))}</small></a></th>`;
  return html`<div class="scroll heat-scroll" tabindex="0" role="region" aria-label=${t.map}><table class="heat"><caption class="visually-hidden">${t.map}</caption>
    <thead><tr><th scope="col"><span class="visually-hidden">${page.t.intent}</span></th>${told.stages.map(head)}</tr></thead>
    <tbody>${told.intents.map((intent) => html`<tr><th scope="row"><a href=${page.messages({ intent })}>${page.name("intent", intent)} <small>${page.write.count(told.sums.intent.get(intent))}</small></a></th>
      ${told.stages.map((stage) => heatCell(page, t, { stage, intent, group: told.cells.get(`${stage} ${intent}`), ofStage: told.sums.stage.get(stage), most: told.most, byShare }))}</tr>`)}</tbody></table></div>`;
}

function heatCell(page, t, { stage, intent, group, ofStage, most, byShare }) {
  const apart = stage === "none" ? " apart" : "";
  if (!group) return html`<td class="cold${apart}">${page.write.count(0)}</td>`;
  const share = ofStage < ENOUGH ? null : group.n / ofStage;
  const heat = byShare ? share ?? 0 : Math.sqrt(group.n / most);
  const { write } = page;
  const told = share === null ? page.t.tooFew : write.percent(share);
  const name = `${page.name("stage", stage)}, ${page.name("intent", intent)}: `;
  const words = `${name}${write.count(group.n)} ${page.t.mentions}; ${t.ofStage} ${told}; ${t.ofAll} ${write.percent(group.share)} (${write.percent(group.share_low)} ${page.t.between} ${write.percent(group.share_high)})`;
  return html`<td class="warm${apart}" .style=${`--heat:${heat.toFixed(3)}`}><a href=${page.messages({ stage, intent })} title=${words}><span class="visually-hidden">${name}</span><b>${write.count(group.n)}</b> <small>${told}</small></a></td>`;
}
