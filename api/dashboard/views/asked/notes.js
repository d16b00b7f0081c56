/** What each state of the view means, in plain words: too few answers, too few in each piece, no gap, raw only. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { withoutFilters } from "../../core/parts.js";

/** Return why there is no line over time, and what to choose instead. */
export function timeNote(page, t, { too_few: isFew, n }, bucket) {
  if (isFew) return note("asked-few", html`${t.fewAnswers(page.write.count(n))} ${longerPeriod(page, t)}`);
  if (bucket === "month") return note("asked-few", html`${t.fewIn.month} ${longerPeriod(page, t)}`);
  return note("asked-few", html`${t.fewIn[bucket]} <a href=${page.here({ bucket: "month" })}>${t.byMonth}</a>`);
}

/** Return why no gap is told; nothing where one is. */
export function gapNote(page, t, { difference, n_customers: known }) {
  if (page.query.has("sentiment")) return note("asked-no-gap", page.t.oneSentimentHint);
  if (difference !== null) return nothing;
  return note("asked-no-gap", known === 0 ? t.noGapUnknown : t.noGap);
}

/** Return that the figures stay raw where corrected ones were asked for. */
export function rawNote(page, t) {
  return page.estimate === "adjusted" ? note("asked-raw", t.rawOnly) : nothing;
}

/** Return what to do where no score was found: fewer filters, a longer period, or a source that brings some. */
export function noScores(page, t) {
  const { isFiltered } = page;
  return html`<section class="panel nothing" id="no-scores"><p><b>${isFiltered ? t.noneFiltered : t.none}</b></p>
    <p class="hint">${t.how}</p><ul class="asked-ways">${t.ways.map((way) => html`<li>${way}</li>`)}</ul>
    <p>${isFiltered ? html`<a class="button" href=${page.address(page.view, withoutFilters())}>${page.t.clearAll}</a>` : nothing}
    ${isWhole(page) ? nothing : html`<a class="button" href=${wholeTime(page)}>${page.t.period}: ${page.t.all}</a>`}
    <a class="button" href=${page.address("sources")}>${t.toSources}</a></p></section>`;
}

function longerPeriod(page, t) {
  return isWhole(page) ? nothing : html`<a href=${wholeTime(page)}>${t.longer}</a>`;
}

function isWhole(page) {
  return page.period.preset === "all";
}

function wholeTime(page) {
  return page.here({ period: "all", from: null, to: null });
}

function note(kind, words) {
  return html`<p class="hint ${kind}">${words}</p>`;
}
