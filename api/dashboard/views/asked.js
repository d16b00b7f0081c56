/** Asked and unasked: what surveys say, whom they hear, and what the same customers and all others say by themselves. */

import { html } from "../vendor/lit-html/lit-html.js";
import { choices, downloads, panel } from "../core/parts.js";
import { drawCoverage } from "./asked/coverage.js";
import { drawGap } from "./asked/gap.js";
import { drawMeasure } from "./asked/measure.js";
import { nameOf, scaleWords } from "./asked/names.js";
import { noScores, rawNote } from "./asked/notes.js";
import { WORDS } from "./asked/words.js";
import { daysBetween } from "../core/periods.js";

const BUCKETS = ["day", "week", "month"];

/** Return the view. */
export function draw(page) {
  const t = page.words(WORDS);
  const bucket = bucketOf(page);
  const found = page.ask("cx", { bucket });
  const { data } = found;
  const head = html`<div class="view-head"><h1 tabindex="-1">${page.t.asked}</h1></div><p class="hint asked-lead">${t.lead}</p>${rawNote(page, t)}`;
  if (found.status === "failed" || !data) return html`${head}${panel(page, { title: t.coverage, answer: found, draw: () => "" })}`;
  if (data.measures.length === 0) return html`${head}${noScores(page, t)}`;
  const lengths = (measure) => choices(`${t.bucket}: ${nameOf(page, t, measure)}`, BUCKETS.map((id) => ({ name: t[id], href: page.here({ bucket: id }), chosen: id === bucket })));
  return html`${head}<div class="grid">
    ${panel(page, {
      title: t.coverage, hint: t.coverageHint(page.write.count(data.n_customers)), answer: found, isEmpty: () => false, wide: true, id: "coverage",
      tools: downloads(page, "cx"), draw: () => drawCoverage(page, t, data),
    })}
    ${data.measures.map((measure) => panel(page, {
      title: t.measures[measure.measure], hint: `${scaleWords(page, t, measure)} · ${measure.sources.join(page.isRtl ? "، " : ", ")}`,
      answer: found, isEmpty: () => false, wide: true, id: idOf(measure), tools: lengths(measure),
      draw: () => html`<div class="asked-halves">${drawMeasure(page, t, measure, data.points.filter((point) => idOf(point) === idOf(measure)), bucket)}
        ${drawGap(page, t, measure)}</div>`,
    }))}</div><p class="hint asked-lead">${t.note}</p>`;
}

/** Scores are rarer than mentions: a point is as long as it takes to hold some. */
function bucketOf(page) {
  const asked = page.query.get("bucket");
  if (BUCKETS.includes(asked)) return asked;
  return daysBetween(page.period.start, page.period.end) <= 45 ? "week" : "month";
}

/** What tells one measure on one scale from the others. */
function idOf({ measure, lowest, highest }) {
  return `${measure}-${lowest}-${highest}`;
}
