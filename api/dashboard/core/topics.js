/** What a part is mostly complained of, or praised for: the places that its quotes are taken from. */

import { valuesOf } from "./address.js";

const N_CELLS = 40;
/** How many times smaller than the largest a topic may be to be quoted. */
const SMALLEST = 5;

/**
 * Return the largest topics of a part, the largest first.
 * @param {Object<string, string>} quoted What makes the part and whose voice is sought, as the API's filters.
 * @returns {{isReady: boolean, topics: Array<{labels: Object<string, string>, kind: string, value: string, n: number}>}}
 *   `kind` and `value` name a topic within its part: `aspect`, `delivery`.
 */
export function topicsOf(page, quoted, most) {
  const kind = "aspect" in quoted ? "stage" : "aspect";
  const voices = quoted.sentiment ? [quoted.sentiment] : valuesOf(page.query, "sentiment");
  const isComplaint = voices.length === 1 && voices[0] === "negative";
  const answer = isComplaint ? page.ask("pains", { ...quoted, sentiment: null, limit: N_CELLS }) : page.ask("breakdown", { ...quoted, by: kind, estimate: null });
  const found = isComplaint ? complaints(answer.data?.cells ?? [], kind) : praises(answer.data?.groups ?? [], kind);
  const isLarge = ({ n }) => n * SMALLEST >= found[0].n;
  return { isReady: Boolean(answer.data || answer.error), topics: found.filter(isLarge).slice(0, most).map((one) => ({ ...one, labels: { ...quoted, ...one.labels } })) };
}

/** Return complaints, each aspect or stage once; where nobody complains, whatever else is negative. */
export function complaints(cells, kind) {
  const meant = cells.filter(({ intent }) => intent === "complaint");
  const seen = new Set();
  return (meant.length ? meant : cells).filter((cell) => isNamed(cell[kind])).sort((one, other) => other.n_negative - one.n_negative)
    .filter((cell) => !seen.has(cell[kind]) && seen.add(cell[kind]))
    .map(({ stage, aspect, intent, n_negative: n, ...cell }) => ({ labels: { stage, aspect, intent }, kind, value: { stage, aspect, ...cell }[kind], n }));
}

function praises(groups, kind) {
  return groups.filter(({ values }) => isNamed(values[kind])).sort((one, other) => other.n - one.n)
    .map(({ values, n }) => ({ labels: { [kind]: values[kind] }, kind, value: values[kind], n }));
}

function isNamed(value) {
  return value && value !== "none";
}
