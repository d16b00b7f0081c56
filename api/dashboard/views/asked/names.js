/** What a measure is called: stars of two sources may have two scales, and then each is named with its own. */

/** Return the words for a measure's scale. */
export function scaleWords(page, t, { lowest, highest }) {
  return t.scale(page.write.decimal(lowest), page.write.decimal(highest));
}

/** Return the name of a measure with its scale. */
export function nameOf(page, t, measure) {
  return `${t.measures[measure.measure]} (${scaleWords(page, t, measure)})`;
}
