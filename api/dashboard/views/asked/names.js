/** What a measure is called: stars of two sources may have two scales, and then each is named with its own. */

/** Return the words for a measure's scale. */
export function scaleWords(page, t, { lowest, highest }) {
  return t.scale(page.write.decimal(lowest), page.write.decimal(highest));
}

/**
 * Return the address of the messages that carry such an answer; every copy of a text is an answer of its own.
 * @param {object} measure As the API tells it.
 * @param {object} more Further filters: a stretch of time, `score_from`, `score_to`.
 */
export function answersOf(page, { measure, sources }, more = {}) {
  return page.messages({ source: sources, scored: measure, copies: "show", ...more });
}

/** Return the name of a measure with its scale. */
export function nameOf(page, t, measure) {
  return `${t.measures[measure.measure]} (${scaleWords(page, t, measure)})`;
}
