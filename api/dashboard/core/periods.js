/** Periods: presets that move with the data, Jalali and Gregorian months, how a day is written in an address. */

const DAY_MS = 86_400_000;
export const PRESETS = ["7d", "30d", "90d", "365d", "this_month", "last_month", "all"];
const IN_PERSIAN = new Intl.DateTimeFormat("en-u-ca-persian-nu-latn", {
  year: "numeric", month: "numeric", day: "numeric", timeZone: "UTC",
});

/** Return a day (`2026-11-22`) as the UTC midnight that stands for it here. */
export function dayOf(written) {
  return new Date(`${written.slice(0, 10)}T00:00:00Z`);
}

/** Return a day as `2026-11-22`. */
export function isoOf(day) {
  return day.toISOString().slice(0, 10);
}

/** Return the day `n` days later. */
export function addDays(day, n) {
  return new Date(day.getTime() + n * DAY_MS);
}

/** Return the days from one day to another. */
export function daysBetween(start, end) {
  return Math.round((end - start) / DAY_MS);
}

/**
 * Return year, month (1 to 12) and day of the month in a calendar.
 * @param {Date} day UTC midnight.
 * @param {"jalali" | "gregorian"} calendar
 */
export function partsOf(day, calendar) {
  if (calendar === "gregorian") {
    return { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() };
  }
  const parts = Object.fromEntries(IN_PERSIAN.formatToParts(day).map(({ type, value }) => [type, parseInt(value, 10)]));
  return { year: parts.relatedYear ?? parts.year, month: parts.month, day: parts.day };
}

/** Return the first day of the month that a day lies in. */
export function monthStart(day, calendar) {
  return addDays(day, 1 - partsOf(day, calendar).day);
}

/** Return the first day of the month `n` months later; `day` is the first of its month. */
export function addMonths(day, n, calendar) {
  let found = day;
  for (let left = Math.abs(n); left > 0; left -= 1) {
    found = n > 0 ? monthStart(addDays(found, 32), calendar) : monthStart(addDays(found, -1), calendar);
  }
  return found;
}

/** Return a day as people write it in an address: `1405-09-01` or `2026-11-22`. */
export function writeDay(day, calendar) {
  const { year, month, day: number } = partsOf(day, calendar);
  return [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(number).padStart(2, "0")].join("-");
}

/** Return the day that an address names in either calendar; null: it names none. */
export function readDay(written) {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})/.exec(written ?? "");
  if (!match) return null;
  const [year, month, number] = match.slice(1).map(Number);
  if (year >= 1700) {
    const day = new Date(Date.UTC(year, month - 1, number));
    return day.getUTCMonth() === month - 1 ? day : null;
  }
  // The Jalali year begins within two days of 21 March; the rest is counted and then compared.
  const near = new Date(Date.UTC(year + 621, 2, 19));
  const before = month <= 7 ? (month - 1) * 31 : 186 + (month - 7) * 30;
  for (let slack = 0; slack < 5; slack += 1) {
    const day = addDays(near, before + number - 1 + slack);
    const found = partsOf(day, "jalali");
    if (found.year === year && found.month === month && found.day === number) return day;
  }
  return null;
}

/**
 * Return the period that the address asks for, its end exclusive.
 * @param {URLSearchParams} query
 * @param {{today: string, data_from: string | null, data_to: string | null}} options What the service said.
 * @param {"jalali" | "gregorian"} calendar
 * @returns {{preset: string | null, start: Date, end: Date}} `preset` null: two days were named.
 */
export function periodOf(query, options, calendar) {
  const start = readDay(query.get("from"));
  const end = readDay(query.get("to"));
  const anchor = anchorOf(options);
  if (start && (end ?? anchor) > start) return { preset: null, start, end: end ?? anchor };
  const asked = query.get("period");
  const preset = PRESETS.includes(asked) ? asked : "30d";
  return { preset, ...boundsOf(preset, anchor, options, calendar) };
}

/** Presets end with today, or with the newest message where that is older: old data is not shown as silence. */
function anchorOf({ today, data_to: newest }) {
  const tomorrow = addDays(dayOf(today), 1);
  if (!newest) return tomorrow;
  const afterNewest = addDays(dayOf(newest), 1);
  return daysBetween(afterNewest, tomorrow) > 30 ? afterNewest : tomorrow;
}

/** Return all the time of which there are messages, as the preset "all" has it. */
export function wholeTime(options) {
  return boundsOf("all", anchorOf(options), options);
}

function boundsOf(preset, anchor, options, calendar) {
  const thisMonth = monthStart(addDays(anchor, -1), calendar);
  if (preset === "this_month") return { start: thisMonth, end: anchor };
  if (preset === "last_month") return { start: addMonths(thisMonth, -1, calendar), end: thisMonth };
  if (preset === "all") return { start: options.data_from ? dayOf(options.data_from) : addDays(anchor, -30), end: anchor };
  return { start: addDays(anchor, -parseInt(preset, 10)), end: anchor };
}

/** Return the length of the pieces in which a period is best drawn. */
export function bucketFor({ start, end }) {
  const days = daysBetween(start, end);
  if (days <= 2) return "hour";
  if (days <= 92) return "day";
  return days <= 730 ? "week" : "month";
}
