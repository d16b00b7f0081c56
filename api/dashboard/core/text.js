/** Cuts texts where the API says: it counts Unicode code points, JavaScript counts UTF-16 units. */

/**
 * Return the pieces of a text: what lies in a mention, and what lies between.
 * @param {string} text
 * @param {Array<{start: number, end: number}>} mentions Offsets in code points; not overlapping, in any order.
 * @returns {Array<{text: string, mention: object | null}>} Joined they are the text.
 */
export function cut(text, mentions) {
  const points = Array.from(text);
  const pieces = [];
  let at = 0;
  for (const mention of [...mentions].sort((one, other) => one.start - other.start)) {
    if (mention.start < at) continue;
    if (mention.start > at) pieces.push({ text: points.slice(at, mention.start).join(""), mention: null });
    pieces.push({ text: points.slice(mention.start, mention.end).join(""), mention });
    at = mention.end;
  }
  if (at < points.length) pieces.push({ text: points.slice(at).join(""), mention: null });
  return pieces;
}

/**
 * Return the part of a long text that is shown first: its beginning, or what surrounds `sought`.
 * @param {string} text
 * @param {Array<{start: number, end: number}>} mentions As for `cut`.
 * @param {{size: number, sought?: {start: number, end: number} | null}} part `size` in code points.
 * @returns {{text: string, mentions: Array<{start: number, end: number}>, hasBefore: boolean, hasAfter: boolean}}
 *   The mentions in offsets of the part, cut off at its ends.
 */
export function fold(text, mentions, { size, sought = null }) {
  const points = Array.from(text);
  // A part that is nearly the whole would only cost a click.
  if (points.length <= size * 1.25) return { text, mentions, hasBefore: false, hasAfter: false };
  const start = sought && sought.end > size ? Math.max(0, sought.start - Math.floor(size / 4)) : 0;
  const end = Math.min(points.length, start + size);
  return {
    text: points.slice(start, end).join(""),
    mentions: mentions.filter((one) => one.start < end && one.end > start)
      .map((one) => ({ ...one, start: Math.max(one.start, start) - start, end: Math.min(one.end, end) - start })),
    hasBefore: start > 0,
    hasAfter: end < points.length,
  };
}
