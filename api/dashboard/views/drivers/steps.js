/** How a change walks from one net sentiment to another: which parts are shown, which fold into the rest, where each begins. */

const FEWEST_FOLDED = 2;

/**
 * Return the parts of a change in the order in which they are drawn; their totals add up to it.
 * @param {Array<{total: number, mix: number, within: number, significant: boolean, n: number, n_before: number}>} parts
 *   As the API gives them: the largest first.
 * @param {number} most Most parts that stand by themselves; those that are more than chance always do.
 * @returns {{worse: object[], better: object[], rest: object | null}} `rest` is the sum of the others.
 */
export function fold(parts, most) {
  const own = parts.filter((part, at) => at < most || part.significant);
  const folded = parts.filter((part) => !own.includes(part));
  const shown = folded.length < FEWEST_FOLDED ? parts : own;
  return {
    worse: shown.filter((part) => part.total < 0).sort((one, other) => one.total - other.total),
    better: shown.filter((part) => part.total >= 0).sort((one, other) => other.total - one.total),
    rest: folded.length < FEWEST_FOLDED ? null : restOf(folded),
  };
}

function restOf(parts) {
  const sum = (field) => parts.reduce((so, part) => so + part[field], 0);
  return { parts, total: sum("total"), mix: sum("mix"), within: sum("within"), n: sum("n"), n_before: sum("n_before") };
}

/**
 * Return each part with where its bar begins and ends.
 * @param {number} before Net sentiment at which the walk begins.
 * @param {object[]} parts In the order of the walk.
 */
export function walk(before, parts) {
  let at = before;
  return parts.map((part) => {
    const start = at;
    at += part.total;
    return { part, start, end: at };
  });
}

/** Return the largest drop and the largest rise that are more than chance; null where there is none. */
export function extremes(parts) {
  const sure = parts.filter((part) => part.significant);
  const by = (sign) => sure.filter((part) => part.total * sign > 0).sort((one, other) => sign * (other.total - one.total))[0] ?? null;
  return { worst: by(-1), best: by(1) };
}
