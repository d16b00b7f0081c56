/** The phrases of a part: what is said there more than before, or else what is said more there than elsewhere. */

import { html } from "../vendor/lit-html/lit-html.js";

/** How many phrases are asked for: some of them say the same. */
export const N_ASKED = 16;
const N_SHOWN = 4;

/**
 * Return what tells a part from what was before, or else from all the rest.
 * @param {object} said Answer of `/v1/phrases` against the period before.
 * @returns {{isGrown: boolean, isKnown: boolean, more: object[]}}
 */
export function phrasesOf(page, said, quoted) {
  const more = telling(said.data?.more ?? []);
  if (!said.data || more.length > 0) return { isGrown: true, isKnown: Boolean(said.data || said.error), more };
  const typical = page.ask("phrases", { ...quoted, against: "rest", limit: N_ASKED });
  return { isGrown: false, isKnown: Boolean(typical.data || typical.error), more: telling(typical.data?.more ?? []) };
}

/** Return them under a heading that says which they are. */
export function phrases(page, t, { isGrown, isKnown, more }) {
  if (more.length > 0) return list(page, t, { title: isGrown ? t.said : t.typical, more, other: isGrown ? t.wasBefore : t.elsewhere });
  return html`<h4>${t.said}</h4>${isKnown ? html`<p class="hint">${t.noneSaid}</p>` : html`<div class="loading"></div>`}`;
}

/**
 * Return the phrases that tell something: their share grew, and none says what a longer one says already.
 * @param {Array<{text: string, share: number | null, share_other: number | null}>} found The most telling first.
 */
export function telling(found) {
  const grown = found.filter(({ share, share_other: other }) => share > (other ?? 0));
  const isWithin = (short, long) => short !== long && wordsOf(long).length > 1 && wordsOf(short).every((word) => wordsOf(long).includes(word));
  const own = grown.filter(({ text }) => !grown.some((other) => wordsOf(other.text).length > wordsOf(text).length && isWithin(text, other.text)));
  const isLong = ({ text }) => Number(wordsOf(text).length > 1);
  return own.sort((one, other) => isLong(other) - isLong(one)).slice(0, N_SHOWN);
}

function wordsOf(text) {
  return text.split(/[\s\u200c]+/);
}

function list(page, t, { title, more, other }) {
  const { count, percent } = page.write;
  return html`<h4>${title}</h4><ul class="rs-words">${more.map(({ text, n, share, share_other: share2, feedback }) => html`<li><a href=${page.messagesNamed(feedback)}>
    <bdi>${text}</bdi> <span class="n">${t.inMessages(percent(share), count(n))} · ${other(percent(share2 ?? 0))}</span></a></li>`)}</ul>`;
}
