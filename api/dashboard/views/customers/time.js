/** Lengths of time between messages, and hours of a day, in the reader's language. */

const UNITS = [["day", 86_400, 172_800], ["hour", 3600, 3600], ["minute", 60, 60]];

/** Return a length as one says it: `۳ روز`, `3 days`. */
export function lengthOf(page, seconds) {
  const [unit, size] = UNITS.find(([, , from]) => seconds >= from) ?? UNITS.at(-1);
  const write = new Intl.NumberFormat(page.isRtl ? "fa-IR" : "en-GB", { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 });
  return write.format(Math.max(1, Math.round(seconds / size)));
}

/** Return the day of the business (`2026-11-22`) in which a moment lies. */
export function dayIn(page, moment) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: page.options.zone }).format(new Date(moment));
}

/** Return a moment's hour and minute. */
export function clockOf(page, moment) {
  const language = page.isRtl ? "fa-IR" : "en-GB";
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: page.options.zone }).format(new Date(moment));
}
