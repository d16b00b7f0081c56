/** What the address asks of the messages beyond period and filters, and mentions as the address names them. */

import { valuesOf } from "../../core/address.js";

export const HEADS = ["stage", "intent", "aspect", "sentiment"];
export const NARROWING = ["hour", "weekday", "queue", "scored", "score_from", "score_to", "case", "waited_h"];
const JOINED = new Set(["hour", "weekday"]);
const PAGE = 25;
const MOST = 200;

/**
 * Return what is asked of `/v1/feedback` beside period and filters; null: not asked.
 *
 * Only whole messages can be mixed, so that asking for those asks for messages.
 */
export function askedOf(page) {
  const { query } = page;
  const isMixed = valuesOf(query, "sentiment").includes("mixed");
  const isAngriest = query.get("order") === "angriest";
  const limit = Math.trunc(Number(query.get("limit"))) || PAGE;
  return {
    unit: isMixed || query.get("unit") === "messages" ? "messages" : null,
    copies: query.get("copies") === "show" ? "show" : null,
    unresolved: query.get("unresolved") === "true" ? "true" : null,
    ...narrowingOf(page),
    order: isAngriest ? "angriest" : null,
    limit: Math.min(MOST, Math.max(1, limit)),
    cursor: isAngriest ? null : query.get("cursor"),
    ...exactly(page),
  };
}

/** Return what the address asks of messages that no other answer can be asked for, each filter with its values. */
export function narrowingOf({ query }) {
  const given = NARROWING.filter((name) => query.has(name));
  return Object.fromEntries(given.map((name) => [name, JOINED.has(name) ? query.getAll(name).flatMap((one) => one.split(",")) : query.getAll(name)]));
}

/** Whether other answers count more than these messages: they know no such filter. */
export function isNarrowed(page) {
  return page.query.get("unresolved") === "true" || NARROWING.some((name) => page.query.has(name));
}

/** Return the moments that the address names, where they are no whole days: an hour's messages are that hour's. */
export function exactly(page) {
  const [from, to] = [page.query.get("from"), page.query.get("to")];
  return from?.includes("T") && to?.includes("T") ? { from, to } : {};
}

/** Whether single mentions were asked for, not whole messages: then some fit and others do not. */
export function asksForMentions(page, asked) {
  return asked.unit === null && HEADS.some((head) => page.query.has(head));
}

/** Return the name under which the address opens a mention. */
export function nameOf(message, mention) {
  return `${message.id}:${mention.mention_id}`;
}

/** Return the address under `/v1` of a mention. */
export function addressOfMention(message, mention) {
  return `/v1/feedback/${message.id}/mentions/${mention.mention_id}`;
}
