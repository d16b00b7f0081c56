/** What is unresolved now, whatever the period: a message does not cease to wait because the period has moved on. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { isoOf, wholeTime } from "./periods.js";

/**
 * Ask for the messages that are unresolved now, and how many of them are older than the period.
 * @param {import("./page.js").Page} page Its filters hold, its period does not.
 * @param {Object<string, string | string[]>} labels Further filters, and the order.
 * @param {number} limit Most messages.
 * @returns {{now: object, older: object | null, all: string, allOlder: string}} Two answers (null: the period begins
 *   with the first message) and the addresses of the messages behind both.
 */
export function askOpen(page, labels, limit) {
  const asked = { ...labels, unresolved: "true" };
  const { start, end } = wholeTime(page.options);
  return {
    now: page.ask("feedback", { ...asked, limit, from: isoOf(start), to: isoOf(end) }),
    ...askOlder(page, asked),
    all: allOpen(page, asked),
  };
}

/** Ask how many of the messages that are asked for are older than the period; see `askOpen`. */
export function askOlder(page, asked) {
  const { order, ...filters } = asked;
  const { start } = wholeTime(page.options);
  const before = { from: isoOf(start), to: isoOf(page.period.start) };
  return {
    older: start < page.period.start ? page.ask("feedback", { ...filters, limit: 1, ...before }) : null,
    allOlder: page.messages({ ...(order ? asked : filters), ...before }),
  };
}

/** Return the address of all messages that are unresolved now. */
export function allOpen(page, labels) {
  return page.address("messages", { ...labels, unresolved: "true", period: "all", from: null, to: null });
}

/** Return how many of them are older than the period, one click from them; nothing where none is. */
export function olderOpen(page, { older, allOlder }) {
  if (!older?.data?.n) return nothing;
  return html`<a class="older-open" href=${allOlder}>${page.t.olderOpen(page.write.count(older.data.n))}</a>`;
}
