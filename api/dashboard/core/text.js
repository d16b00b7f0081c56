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
