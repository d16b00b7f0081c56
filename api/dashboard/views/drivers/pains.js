/** Where it hurts: stage, aspect and intent together, by number, against what one expects, or by growth. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { painsAsked, painsNote } from "../../core/pains.js";
import { chanceNote, choices, downloads, panel } from "../../core/parts.js";
import { dot, fill, scaleOf, track, whisker } from "../../core/track.js";

const RANKS = ["volume", "unusual", "growth"];
const [FEW, MANY] = [5, 20];

/** Whether a cell is said to be perhaps chance, by ranking. */
const MARKED = {
  volume: () => false,
  unusual: (cell) => !cell.unusual?.is_unusual,
  growth: (cell) => cell.growth && !cell.growth.grew && !cell.growth.shrank,
};

/** Return the panel. */
export function painsPanel(page, t) {
  const rank = RANKS.includes(page.query.get("rank")) ? page.query.get("rank") : "volume";
  const isLong = page.query.get("pains") === "all";
  const asked = painsAsked({ rank, limit: MANY });
  const options = RANKS.map((id) => ({ name: t.ranks[id], href: page.here({ rank: id === "volume" ? null : id }), chosen: id === rank }));
  return panel(page, {
    id: "pains", title: t.pains, hint: t.painsHint, answer: page.ask("pains", asked), tools: downloads(page, "pains", asked),
    draw: (data) => html`${painsNote(page)}<div class="dr-split">${choices(t.pains, options)}<span class="hint">${t.rankHints[rank]}</span></div>
      ${data.cells.length === 0 ? html`<p class="nothing">${t.noPains}</p>` : list(page, t, { data, rank, isLong })}`,
  });
}

function list(page, t, { data, rank, isLong }) {
  const cells = data.cells.slice(0, isLong ? MANY : FEW);
  const scale = scaleOf(cells.flatMap((cell) => PLOTS[rank].reach(cell)), { from: 0 });
  const fold = html`<p><a href=${page.here({ pains: isLong ? null : "all" })}>${isLong ? t.fewPains : t.allPains}</a></p>`;
  return html`<p class="dr-lead">${page.pick(data, "sentence")}</p>
    ${rank === "growth" && !data.before_is_covered ? html`<p class="hint">${t.painsNotCovered}</p>` : nothing}
    <ol class="dr-pains">${cells.map((cell) => row(page, t, { cell, rank, scale }))}</ol>${data.cells.length > FEW ? fold : nothing}${chanceNote(page, cells.some(MARKED[rank]))}`;
}

function row(page, t, { cell, rank, scale }) {
  const named = { stage: page.name("stage", cell.stage), aspect: page.name("aspect", cell.aspect) };
  const isSure = { volume: false, unusual: cell.unusual?.is_unusual, growth: cell.growth?.grew }[rank];
  return html`<li class=${isSure ? "sure" : ""}><a href=${page.messagesNamed(cell.feedback)}>
    <span class="dr-pain-name">${t.pain(named)} <span class="tag">${page.name("intent", cell.intent)}</span></span>
    <span class="dr-pain-n"><b>${page.write.count(cell.n_negative)}</b> ${t.negativeMentions}</span>
    ${track(scale, PLOTS[rank].draw(scale, cell), { counts: true })}
    <span class="hint">${PLOTS[rank].words(page, t, cell)}</span></a></li>`;
}

function within(page, low, high, write) {
  return html`<span class="sure" title=${page.t.interval}>(<bdi>${write(low)}</bdi> ${page.t.between} <bdi>${high === null ? "∞" : write(high)}</bdi>)</span>`;
}

/** What each ranking plots and says: a part of all that is negative, a share beside the expected one, now and before. */
const PLOTS = {
  volume: {
    reach: (cell) => [cell.n_negative],
    draw: (scale, cell) => fill(scale, 0, cell.n_negative, "bad"),
    words: (page, t, cell) => cell.share_of_all_negative === null ? html`${t.earlier(page.write.count(cell.n_negative_before))}`
      : html`${page.write.percent(cell.share_of_all_negative)} ${t.ofNegative} ${within(page, cell.share_of_all_negative_low, cell.share_of_all_negative_high, page.write.percent)}`,
  },
  unusual: {
    reach: () => [1],
    draw: (scale, cell) => [
      fill(scale, 0, cell.n_negative / cell.n, cell.unusual?.is_unusual ? "bad" : "pale"),
      whisker(scale, cell.negative_share_low, cell.negative_share_high), dot(scale, cell.unusual?.expected_share, "line"),
    ],
    words: (page, t, cell) => html`${t.ofThese(page.write.percent(cell.n_negative / cell.n))}
      ${cell.negative_share === null ? nothing : within(page, cell.negative_share_low, cell.negative_share_high, page.write.percent)}${cell.unusual ? t.expected(page.write.percent(cell.unusual.expected_share)) : nothing} ${cell.unusual?.is_unusual ? html`<span class="tag negative">${t.unusualTag}</span>` : html`<span class="tag">${t.byChance}</span>`}`,
  },
  growth: {
    reach: (cell) => [cell.n_negative, cell.n_negative_before],
    draw: (scale, cell) => [fill(scale, 0, cell.n_negative, cell.growth?.grew ? "bad" : "pale"), dot(scale, cell.n_negative_before, "line")],
    words: (page, t, cell) => html`${t.earlier(page.write.count(cell.n_negative_before))} ${cell.growth ? growth(page, t, cell.growth) : nothing}`,
  },
};

function growth(page, t, told) {
  const ratio = told.ratio === null ? t.fresh : html`${t.times(page.write.decimal(told.ratio))} ${within(page, told.low, told.high, page.write.decimal)}`;
  const tag = told.grew ? html`<span class="tag negative">${t.grewTag}</span>` : told.shrank ? html`<span class="tag positive">${t.shrankTag}</span>` : html`<span class="tag">${t.byChance}</span>`;
  return html`· ${ratio} ${tag}`;
}
