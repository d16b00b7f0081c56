/** The words of a selection: those that set it apart, and those that were not there before. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices, downloads, panel } from "../../core/parts.js";
import { dot, fill, scaleOf, track, whisker } from "../../core/track.js";

const N_WORDS = 8;

/** Return the panel of words that set the selection apart from the rest, or from the period before. */
export function wordsPanel(page, t) {
  const against = !page.isFiltered || page.query.get("against") === "before" ? "before" : "rest";
  const asked = { against, limit: N_WORDS };
  const options = [["rest", t.againstRest], ["before", t.againstBefore]].map(([id, name]) => ({
    name, href: page.here({ against: id === "rest" ? null : id }), chosen: id === against,
  }));
  return panel(page, {
    id: "words", title: t.phrases, answer: page.ask("phrases", asked), tools: downloads(page, "phrases", asked),
    draw: (data) => html`<div class="dr-split">${page.isFiltered ? choices(t.against, options) : html`<span class="hint">${t.against} ${t.againstBefore}</span>`}</div>
      ${list(page, t, data, { none: t.noPhrases, other: against === "rest" ? t.elsewhere : t.earlierMessages })}`,
  });
}

/** Return the panel of words that a year before did not hold. */
export function newWordsPanel(page, t) {
  const asked = { new: true, limit: N_WORDS };
  return panel(page, {
    id: "new-words", title: t.newWords, hint: t.newHint, answer: page.ask("phrases", asked), tools: downloads(page, "phrases", asked),
    draw: (data) => list(page, t, data, { none: t.noNew, other: null }),
  });
}

function list(page, t, data, { none, other }) {
  if (data.more.length === 0) return html`<div class="nothing"><p>${none}</p>${data.n < 30 ? html`<p class="hint">${t.fewPhrases}</p>` : nothing}</div>`;
  const shares = (phrase) => [phrase.n / data.n_read, phrase.share_high, data.n_other_read ? phrase.n_other / data.n_other_read : 0];
  const scale = scaleOf(data.more.flatMap(shares), { from: 0 });
  return html`<p class="dr-lead">${page.pick(data, "sentence")}</p><ol class="dr-words">${data.more.map((phrase) => row(page, t, { phrase, data, scale, other }))}</ol>`;
}

function row(page, t, { phrase, data, scale, other }) {
  const share = phrase.n / data.n_read;
  const rest = other && data.n_other_read ? phrase.n_other / data.n_other_read : null;
  return html`<li><a href=${page.messagesNamed(phrase.feedback)}><b><bdi>${phrase.text}</bdi></b>
    ${track(scale, [fill(scale, 0, share, "accent"), whisker(scale, phrase.share_low, phrase.share_high), dot(scale, rest, "line")], { counts: true })}
    <span class="hint">${t.inMessages(page.write.count(phrase.n))} (<bdi>${page.write.percent(share)}</bdi>)${other ? html` · ${other(page.write.percent(rest ?? 0))}` : nothing}</span></a></li>`;
}
