/** Whom a survey hears: of all known customers, the share who gave a score. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { figure } from "../../core/parts.js";
import { answersOf, scaleWords } from "./names.js";

/** Return the sentence of the widest survey and a bar for each measure. */
export function drawCoverage(page, t, { measures, n_customers: all }) {
  const widest = measures.filter(({ measure, coverage }) => measure !== "rating" && coverage !== null)
    .sort((one, other) => other.coverage - one.coverage)[0];
  const told = widest ? t.heard(page.write.percent(widest.coverage), page.write.percent(1 - widest.coverage)) : t.starsOnly;
  return html`<div class="asked-coverage"><p class="asked-story">${told}</p>
    <ul class="asked-heard">${measures.map((measure) => html`<li><div class="asked-heard-head"><b>${t.measures[measure.measure]} <small>${scaleWords(page, t, measure)}</small></b>
        ${measure.n_customers > 0 ? coverageFigure(page, measure) : nothing}</div>${meter(measure)}
      <small>${wordsOf(page, t, measure, all)}</small></li>`)}</ul></div>`;
}

function wordsOf(page, t, { n, n_customers: known }, all) {
  return known > 0 ? t.of(...[n, known, all].map(page.write.count)) : t.unknown(page.write.count(n));
}

function coverageFigure(page, measure) {
  const { coverage, coverage_low: low, coverage_high: high } = measure;
  return figure(page, { value: coverage, low, high, write: page.write.percent, href: answersOf(page, measure) });
}

/** The bar repeats what stands above it. */
function meter({ coverage, n_customers: known }) {
  if (coverage === null || known === 0) return nothing;
  return html`<span class="asked-meter" aria-hidden="true"><span .style=${`inline-size:${100 * coverage}%`}></span></span>`;
}
