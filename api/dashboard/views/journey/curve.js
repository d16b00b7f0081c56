/** The emotional curve as geometry: a smooth line through net sentiments that never swings beyond them. */

const STEP = 20;
/** Of the scale, left free above and below for the names of the best and the worst stage. */
const MARGIN = 0.14;

/**
 * Return the piece of the scale that is drawn: all intervals and zero lie in it, its ends are round.
 * @param {Array<object>} stages Each with `net_sentiment_low` and `net_sentiment_high`, null where too few.
 * @returns {{low: number, high: number}}
 */
export function scaleOf(stages) {
  const ends = stages.flatMap((one) => [one.net_sentiment_low, one.net_sentiment_high, one.net_sentiment_before]).filter((end) => end !== null && end !== undefined);
  const [lowest, highest] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const margin = Math.max(STEP / 2, (highest - lowest) * MARGIN);
  return { low: Math.floor((lowest - margin) / STEP) * STEP, high: Math.ceil((highest + margin) / STEP) * STEP };
}

/** Return how far up the scale a value lies, from 0 to 1. */
export function placeOf(value, { low, high }) {
  return (Math.min(high, Math.max(low, value)) - low) / (high - low);
}

/**
 * Return the curve from each point to the next as cubic Béziers of (position, value); null beside a missing value.
 * Slopes are those of Fritsch and Carlson (1980), so that highs and lows are at the points themselves.
 * @param {Array<number | null>} values One for each position 0, 1, 2 …
 * @returns {Array<Array<[number, number]> | null>} One less than values.
 */
export function curveThrough(values) {
  const slopes = values.map((value, at) => slopeAt(values[at - 1], value, values[at + 1]));
  return values.slice(0, -1).map((value, at) => {
    const next = values[at + 1];
    if (!isKnown(value) || !isKnown(next)) return null;
    return [[at, value], [at + 1 / 3, value + slopes[at] / 3], [at + 2 / 3, next - slopes[at + 1] / 3], [at + 1, next]];
  });
}

/** At a turning point the curve is level; elsewhere it has the harmonic mean of the steps beside it. */
function slopeAt(before, value, after) {
  if (!isKnown(value) || !isKnown(before) || !isKnown(after)) return 0;
  const [rise, next] = [value - before, after - value];
  return rise * next <= 0 ? 0 : (2 * rise * next) / (rise + next);
}

function isKnown(value) {
  return value !== null && value !== undefined;
}

/**
 * Return pieces of a curve as an SVG path.
 * @param {Array<Array<[number, number]> | null>} pieces
 * @param {(position: number, value: number) => [number, number]} place Where a point is in the picture.
 */
export function pathOf(pieces, place) {
  const write = ([position, value]) => place(position, value).map((one) => one.toFixed(2)).join(" ");
  return pieces.map((piece, at) => {
    if (!piece) return "";
    const start = pieces[at - 1] ? "" : `M${write(piece[0])}`;
    return `${start}C${piece.slice(1).map(write).join(",")}`;
  }).join("");
}

/** Return the surface between a curve and zero as an SVG path. */
export function areaOf(pieces, place) {
  const runs = [];
  pieces.forEach((piece, at) => {
    if (!piece) return;
    if (pieces[at - 1]) runs.at(-1).push(piece);
    else runs.push([piece]);
  });
  return runs.map((run) => {
    const [[start], [end]] = [run[0][0], run.at(-1)[3]];
    return `${pathOf(run, place)}L${place(end, 0).join(" ")}L${place(start, 0).join(" ")}Z`;
  }).join("");
}
