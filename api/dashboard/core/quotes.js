/** A few messages of a part in people's own words: one of each of its largest topics, what the model is surest of first. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { cut, fold } from "./text.js";

/** How many of the newest messages are looked at: no more than the list of messages shows at once. */
export const N_NEWEST = 25;
const QUOTE_CHARS = 140;
const FEWEST_CHARS = 20;
const SURE_ENOUGH = 0.6;
const HEADS = ["stage", "intent", "aspect", "sentiment"];
const WEIGHTS = { sure: 6, whole: 1, word: 0.75, angry: 0.5, mocking: -2 };
const SAME = { "آ": "ا", "ي": "ی", "ئ": "ی", "ك": "ک", "\u200c": "" };

/**
 * Return some messages of an answer of `/v1/feedback` as quotes, each one click from itself.
 * @param {{data: object, quoted: Object<string, string>, topics: object[], words: Array<{text: string}>, nQuotes: number}} told
 *   `quoted`: the filters that the messages were asked for by; `topics`: those of `topicsOf`, each with its `items`;
 *   `words`: what is said there more than before.
 */
export function quotes(page, t, { data, quoted, topics, words, nQuotes }) {
  if (data.items.length === 0) return html`<p class="hint">${t.noQuotes}</p>`;
  const places = [...topics, { labels: quoted, items: data.items }];
  return html`<ul class="rs-list">${chooseOf(places, words, nQuotes).map(({ item, place }) => quote(page, t, item, place))}</ul>
    ${data.n > nQuotes ? html`<p><a href=${page.messages(quoted)}>${t.allQuotes(page.write.count(data.n))}</a></p>` : nothing}`;
}

/** Return the most telling message of each place, then the second ones of each; the last place only fills up. */
export function chooseOf(places, words, n) {
  const fillsUp = places.at(-1);
  const ranked = places.map((place) => ({ place, items: choose(place.items, words, n) }));
  const rounds = Array.from({ length: n }, (_, at) => ranked.filter(({ place }) => place !== fillsUp).map(({ place, items }) => ({ place, item: items[at] })));
  const seen = new Set();
  return [...rounds.flat(), ...ranked.at(-1).items.map((item) => ({ place: fillsUp, item }))]
    .filter(({ item }) => item && !seen.has(plain(item.text)) && seen.add(plain(item.text))).slice(0, n);
}

/** Return the most telling of some messages, the newest first among equals; none twice, doubtful ones only where no other is. */
export function choose(items, words, n) {
  const seen = new Set();
  const told = items.filter(({ text }) => !seen.has(plain(text)) && seen.add(plain(text)));
  const sure = told.filter((item) => sureOf(item) >= SURE_ENOUGH);
  const sought = words.map(({ text }) => plain(text));
  return (sure.length ? sure : told).map((item, at) => ({ item, at, worth: worthOf(item, sought) }))
    .sort((one, other) => other.worth - one.worth || one.at - other.at).slice(0, n).map(({ item }) => item);
}

function worthOf(item, sought) {
  const said = plain(item.mentions.filter(({ matches }) => matches).map(({ text }) => text ?? "").join(" ") || item.text);
  const length = Array.from(item.text).length;
  const fits = length < FEWEST_CHARS ? 0 : length <= QUOTE_CHARS ? 1 : 0.5;
  const wanted = item.mentions.find(({ matches }) => matches)?.sentiment;
  return fits + WEIGHTS.sure * sureOf(item) + WEIGHTS.whole * (item.sentiment_probabilities?.[wanted] ?? 0)
    + WEIGHTS.word * Math.min(2, sought.filter((word) => said.includes(word)).length)
    + (item.emotion === "anger" ? WEIGHTS.angry : 0) + (item.flags?.includes("sarcasm") ? WEIGHTS.mocking : 0);
}

/** How sure the model is of the least sure label of the mention that it is surest of: 0 to 1. */
function sureOf({ mentions }) {
  const least = (mention) => (mention.corrected ? 1 : Math.min(...HEADS.map((head) => mention[`${head}_confidence`] ?? 0)));
  return Math.max(0, ...mentions.filter(({ matches }) => matches).map(least));
}

function plain(text) {
  return text.toLowerCase().replace(/[آيئك\u200c]/g, (letter) => SAME[letter]);
}

function quote(page, t, item, place) {
  const mention = item.mentions.find(({ matches }) => matches);
  const part = fold(item.text, item.mentions.filter(({ matches }) => matches), { size: QUOTE_CHARS, sought: mention });
  const pieces = cut(part.text, part.mentions).map((piece) => (piece.mention ? html`<span class="mark ${piece.mention.sentiment}">${piece.text}</span>` : piece.text));
  return html`<li><a href=${`${page.messages(place.labels)}#m-${item.id}`} title=${t.seeMessage}><q dir="auto">${part.hasBefore ? "… " : nothing}${pieces}${part.hasAfter ? " …" : nothing}</q></a>
    <small class="hint">${page.write.day(item.created_at)} · ${page.name("channel", item.channel)}${place.value ? html` · ${topic(page, place)}` : nothing}</small></li>`;
}

/** What a quote stands for, and how many say so. */
function topic(page, { kind, value, labels, n }) {
  return html`<a class="rs-topic" href=${page.messages(labels)}>${page.name(kind, value)} (${page.write.count(n)} ${page.t.mentions})</a>`;
}
