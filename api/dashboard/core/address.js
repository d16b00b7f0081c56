/** What the address bar says: which view, which period, which filters. Nothing else is remembered anywhere. */

export const FILTERS = [
  "source", "channel", "brand", "product", "segment", "stage", "intent", "aspect", "sentiment", "emotion", "flag", "q",
];
const KEPT = [...FILTERS, "period", "from", "to", "calendar", "estimate", "lang"];
const SEVERAL = new Set(FILTERS.filter((name) => name !== "q"));

/**
 * Return where the page is.
 * @param {Location | URL} location
 * @returns {{view: string, rest: string[], query: URLSearchParams}} `rest` are further parts of the path, decoded.
 */
export function readAddress(location) {
  const [view = "", ...rest] = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  return { view: view || "overview", rest, query: new URLSearchParams(location.search) };
}

/**
 * Return the address of a view that keeps period and filters.
 * @param {string} view Its id, further parts of the path behind a slash (encoded by the caller).
 * @param {URLSearchParams} query Of the page as it is.
 * @param {Object<string, string | string[] | null | undefined>} changes Put in the place of what was there; null removes.
 * @param {{own?: boolean}} options `own`: what only this view understands is kept too.
 */
export function addressOf(view, query, changes = {}, { own = false } = {}) {
  const kept = new URLSearchParams();
  for (const [name, value] of query) {
    if ((own || KEPT.includes(name)) && !(name in changes)) kept.append(name, value);
  }
  for (const [name, value] of Object.entries(changes)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined) kept.append(name, one);
    }
  }
  const written = kept.toString();
  return `/${view}${written ? `?${written}` : ""}`;
}

/**
 * Return the filters that are set, each with its values; what the API lets be joined by commas is taken apart.
 * @param {URLSearchParams} query
 * @returns {Array<[string, string[]]>}
 */
export function filtersOf(query) {
  return FILTERS.filter((name) => query.has(name)).map((name) => [name, valuesOf(query, name)]);
}

/** Return the values of one filter. */
export function valuesOf(query, name) {
  const free = ["source", "brand", "product", "segment", "q"].includes(name);
  const given = query.getAll(name);
  return SEVERAL.has(name) && !free ? given.flatMap((one) => one.split(",")).filter(Boolean) : given;
}

/**
 * Return the page's address of messages that the API names by its own (`/v1/feedback?…`).
 * @param {string | null} named
 * @param {URLSearchParams} query Of the page: its language and calendar are kept.
 */
export function messagesNamed(named, query) {
  if (!named) return null;
  const asked = new URL(named, location.origin).searchParams;
  for (const name of ["lang", "calendar"]) {
    if (query.has(name)) asked.set(name, query.get(name));
  }
  return `/messages?${asked}`;
}
