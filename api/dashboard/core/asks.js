/** Questions and requests: which intents they are, through which channels support hears them, and where they are told. */

export const ASKS = ["question", "request"];
export const SUPPORT_CHANNELS = ["chat", "ticket"];

/**
 * Return the address of what is asked at a stage; it ends at the answer.
 * @param {import("./page.js").Page} page
 * @param {string | null} stage null: of the whole way.
 * @param {Object<string, string | string[]>} narrowed Further filters.
 */
export function askedAt(page, stage, narrowed = {}) {
  return `${page.address("intents", { ...narrowed, focus: stage ?? "all" })}#asked-for`;
}
