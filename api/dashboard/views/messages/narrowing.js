/** What only messages are filtered by, as chips beside the other filters: the figure that was clicked says it here. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { narrowingOf } from "./question.js";

const ANEW = { cursor: null, limit: null, open: null };

/** Return the chips. */
export function narrowingChips(page, t) {
  const asked = narrowingOf(page);
  const chips = ["hour", "weekday", "queue"].flatMap((name) => (asked[name] ?? []).map((value, _at, values) =>
    chip(page, t, { name, words: wordsOf(page, t, name, value), without: { [name]: values.length > 1 ? values.filter((one) => one !== value) : null } })));
  if (asked.scored) chips.push(chip(page, t, { name: "scored", words: scoreWords(page, t, asked), without: { scored: null, score_from: null, score_to: null, copies: null } }));
  if (asked.case) chips.push(chip(page, t, { name: "case", words: caseWords(page, t, asked), without: { case: null, waited_h: null, copies: null } }));
  return chips;
}

/** Return what the list cannot show of scores and cases; nothing where none are asked for. */
export function wordlessHint(page, t) {
  const { scored, case: kind } = narrowingOf(page);
  return scored || kind ? html`<p class="hint">${t.wordless}</p>` : nothing;
}

function chip(page, t, { name, words, without }) {
  const remove = () => page.actions.go(page.here({ ...ANEW, ...without }));
  // A queue's name has its own direction; words of ours that begin with NPS have that of the page.
  const direction = name === "queue" ? "auto" : page.isRtl ? "rtl" : "ltr";
  return html`<li class="msg-narrowing"><span>${t.narrowing[name]}: <bdi dir=${direction}>${words}</bdi></span>
    <button type="button" aria-label="${page.t.remove} ${t.narrowing[name]}: ${words}" @click=${remove}>×</button></li>`;
}

function wordsOf(page, t, name, value) {
  if (name === "weekday") return page.t.weekdayNames[value] ?? value;
  if (name === "hour") return t.wholeHour(...[value, (Number(value) + 1) % 24].map(page.write.plain));
  return value || page.t.none;
}

function scoreWords(page, t, { scored: [measure], score_from: [from] = [], score_to: [to] = [] }) {
  const [low, high] = [from, to].map((end) => (end === undefined ? null : page.write.fine(Number(end))));
  const range = low === null ? high && t.atMost(high) : high === null ? t.atLeast(low) : t.fromTo(low, high);
  const name = t.measures[measure] ?? measure;
  return range ? `${name}${page.isRtl ? "،" : ","} ${range}` : name;
}

function caseWords(page, t, { case: [kind], waited_h: [hours] = [] }) {
  const name = t.cases[kind] ?? kind;
  return hours === undefined ? name : `${name}${page.isRtl ? "،" : ","} ${t.waited(page.write.hours(Number(hours)))}`;
}
