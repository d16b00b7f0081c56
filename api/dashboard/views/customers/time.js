/** Lengths of time between messages, days of an axis, and hours of a day, in the reader's language and calendar. */

import { addDays, addMonths, dayOf, daysBetween, monthStart, partsOf } from "../../core/periods.js";

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

/**
 * Return the moments at which an axis is marked: round days of the calendar's months, as many as can be read.
 * @param {number} from Milliseconds of the clock.
 * @param {number} to
 */
export function marksBetween(page, from, to) {
  const [first, last] = [from, to].map((moment) => dayOf(dayIn(page, moment)));
  return daysMarked(addDays(first, 1), addDays(last, 1), page.calendar).map((day) => startOf(page, day)).filter((moment) => moment > from && moment < to);
}

/** Every day of two weeks; the 1st, 6th, 11th of a month and so on; the 1st, 11th and 21st; firsts of months, or of each third, or of years. */
function daysMarked(start, end, calendar) {
  const length = daysBetween(start, end);
  if (length > 130) return monthsMarked(start, end, calendar, length <= 550 ? 1 : length <= 1400 ? 3 : 12);
  const step = length <= 14 ? 1 : length <= 45 ? 5 : 10;
  const days = Array.from({ length: Math.max(0, length) }, (_, at) => addDays(start, at));
  return days.filter((day) => {
    const { day: number } = partsOf(day, calendar);
    return step === 1 || (number % step === 1 && number < 30);
  });
}

function monthsMarked(start, end, calendar, step) {
  const months = [];
  for (let day = monthStart(start, calendar); day < end; day = addMonths(day, 1, calendar)) months.push(day);
  return months.filter((day) => (partsOf(day, calendar).month - 1) % step === 0);
}

/** The moment at which a day of the business begins. */
function startOf(page, day) {
  const zone = new Intl.DateTimeFormat("en-GB", { timeZone: page.options.zone, timeZoneName: "longOffset" }).formatToParts(day).find(({ type }) => type === "timeZoneName").value;
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(zone) ?? [null, "+", "0", "0"];
  return day.getTime() - (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
