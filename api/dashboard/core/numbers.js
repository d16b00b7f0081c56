/** Numbers, days and lengths of time as the reader's language writes them. */

import { daysBetween, dayOf } from "./periods.js";

/**
 * Return the writers of one language.
 * @param {"fa" | "en"} language
 * @param {"jalali" | "gregorian"} calendar
 * @param {string} zone Of the business: moments are shown in it.
 */
export function writers(language, calendar, zone) {
  const locale = `${language === "fa" ? "fa-IR" : "en-GB"}-u-ca-${calendar === "jalali" ? "persian" : "gregory"}`;
  const number = (options) => signedAlike(new Intl.NumberFormat(language === "fa" ? "fa-IR" : "en-GB", options));
  const date = (options) => new Intl.DateTimeFormat(locale, options);
  const whole = number({ maximumFractionDigits: 0 });
  const oneDigit = number({ maximumFractionDigits: 1 });
  const twoDigits = number({ maximumFractionDigits: 2 });
  const percent = number({ style: "percent", maximumFractionDigits: 0 });
  const percentFine = number({ style: "percent", maximumFractionDigits: 1 });
  const signed = number({ signDisplay: "exceptZero", maximumFractionDigits: 0 });
  const signedFine = number({ signDisplay: "exceptZero", maximumFractionDigits: 1 });
  const short = number({ notation: "compact", maximumFractionDigits: 1 });
  const day = date({ day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const dayShort = date({ day: "numeric", month: "short", timeZone: "UTC" });
  const month = monthIn(date, { month: "long", year: "numeric", timeZone: "UTC" });
  const moment = date({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: zone });
  const elapsed = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const dayThere = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  return {
    count: (n) => whole.format(n),
    short: (n) => short.format(n),
    decimal: (n) => oneDigit.format(n),
    fine: (n) => twoDigits.format(n),
    plain: (n) => number({ useGrouping: false }).format(n),
    /** Of a share between 0 and 1. */
    percent: (share) => (share !== 0 && Math.abs(share) < 0.01 ? percentFine : percent).format(share),
    /** Of net sentiment and its differences: points between −100 and 100. */
    points: (points) => signed.format(points),
    pointsFine: (points) => signedFine.format(points),
    day: (written) => day.format(dayOf(written)),
    dayShort: (written) => dayShort.format(dayOf(written)),
    month: (written) => month.format(dayOf(written)),
    moment: (written) => moment.format(new Date(written)),
    ago: (written, now = Date.now()) => agoIn(elapsed, new Date(written), new Date(now), (moment) => dayOf(dayThere.format(moment))),
    hours: (hours) => hoursIn(hours, language, oneDigit),
  };
}

/** A minus is a minus in both languages, as the service writes it in its sentences; the browser's English one is a hyphen. */
function signedAlike(formatter) {
  return { format: (n) => formatter.format(n).replace("-", "\u2212") };
}

/** A month with its year, the month first: the browser writes the Jalali one the other way round. */
function monthIn(date, options) {
  const format = date(options);
  return { format: (day) => wordsOf(format.formatToParts(day)) };
}

function wordsOf(parts) {
  const part = (type) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("month")} ${part("year")}`;
}

/** From a day on, days of the calendar are counted: what came at two days' ends has two ages. */
function agoIn(elapsed, moment, now, dayAt) {
  const seconds = (moment - now) / 1000;
  if (Math.abs(seconds) >= 86_400) return elapsed.format(daysBetween(dayAt(now), dayAt(moment)), "day");
  const [unit, size] = Math.abs(seconds) >= 3600 ? ["hour", 3600] : ["minute", 60];
  return elapsed.format(Math.round(seconds / size), unit);
}

function hoursIn(hours, language, oneDigit) {
  const [value, unit] = hours >= 48 ? [hours / 24, "day"] : hours < 1 ? [hours * 60, "minute"] : [hours, "hour"];
  const names = { fa: { day: "روز", hour: "ساعت", minute: "دقیقه" }, en: { day: "d", hour: "h", minute: "min" } };
  return `${oneDigit.format(value)} ${names[language][unit]}`;
}
