/** Labels that the model itself doubts: of those that were asked for, or of sentiment where none was. */

import { HEADS } from "./question.js";

const UNNAMED = [0.9, 0.7];
const HALF = 0.5;

/**
 * Return what is doubtful, each head once with its least sure label.
 *
 * Confidence is low by the service's own levels, or below a half where it is not high: then other labels are together
 * likelier. What people corrected and what a touchpoint set is not the model's, and another model's levels say nothing.
 */
export function unsureOf(page, message, mentions) {
  if (message.model_version !== page.options.model_version) return [];
  const asked = HEADS.filter((head) => page.query.has(head));
  return (asked.length ? asked : ["sentiment"]).flatMap((head) => {
    const doubtful = mentions.filter((mention) => isDoubtful(page, mention, head)).map((mention) => ({ head, label: mention[head], confidence: mention[`${head}_confidence`] }));
    return doubtful.sort((one, other) => one.confidence - other.confidence).slice(0, 1);
  });
}

function isDoubtful({ options }, mention, head) {
  if (mention.corrected || (head === "stage" && mention.stage_from_touchpoint)) return false;
  const confidence = mention[`${head}_confidence`];
  const [high, medium] = options.levels?.[head]?.[mention[head]] ?? UNNAMED;
  return confidence < medium || (confidence < high && confidence < HALF);
}
