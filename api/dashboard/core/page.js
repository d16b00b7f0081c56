/** What every view is given: where the page is, the service's answers, and words and numbers of the language. */

import { FILTERS, addressOf, filtersOf, messagesNamed, readAddress } from "./address.js";
import { writers } from "./numbers.js";
import { bucketFor, isoOf, periodOf } from "./periods.js";
import { WORDS } from "./words.js";

// The API puts a left-to-right mark before a sign; without an isolate it would turn the order of what follows as well.
const MARKED_NUMBER = /\u200e([+\u2212-]?[\d۰-۹٬٫.,]*[\d۰-۹])/g;
const ADJUSTABLE = new Set(["trend", "breakdown", "journey"]);

/** The page at one moment. Views read it and draw; it changes only by another address. */
export class Page {
  /**
   * @param {import("./service.js").Answers} answers
   * @param {object} options What `/v1/options` said.
   * @param {object} session What `/v1/session` said.
   * @param {{redraw: () => void, go: (address: string, how?: {replace?: boolean}) => void, say: (words: string) => void}} actions
   */
  constructor(answers, options, session, actions) {
    Object.assign(this, readAddress(location), { answers, options, session, actions });
    this.language = document.documentElement.lang === "en" ? "en" : "fa";
    this.isRtl = this.language === "fa";
    this.t = WORDS[this.language];
    const asked = this.query.get("calendar");
    this.calendar = ["jalali", "gregorian"].includes(asked) ? asked : this.isRtl ? "jalali" : "gregorian";
    this.write = writers(this.language, this.calendar, options.zone);
    this.period = periodOf(this.query, options, this.calendar);
    this.bucket = bucketFor(this.period);
    this.estimate = this.query.get("estimate") === "adjusted" ? "adjusted" : "raw";
    this.mayWrite = !session.needs_key || ["write", "admin"].includes(session.scope);
  }

  /** Return the words that a view brings along: `{fa: {…}, en: {…}}`. */
  words(both) {
    return both[this.language];
  }

  /** Return the display name of a label; what the service does not name stands for itself. */
  name(kind, id) {
    const named = this.options.names[kind]?.find((one) => one.id === id);
    return named ? named[this.language] : id || this.t.none;
  }

  /** Return a field that the API gives in both languages: `pick(line, "sentence")`. */
  pick(told, field) {
    const words = told[`${field}_${this.language}`];
    return typeof words === "string" ? words.replace(MARKED_NUMBER, "\u2066$1\u2069") : words;
  }

  /** Return the address under `/v1` of a question about the period and the filters at hand. */
  question(route, params = {}) {
    const asked = new URLSearchParams({ from: isoOf(this.period.start), to: isoOf(this.period.end), calendar: this.calendar });
    if (this.estimate === "adjusted" && ADJUSTABLE.has(route)) asked.set("estimate", "adjusted");
    for (const [name, values] of filtersOf(this.query)) {
      if (!(name in params)) values.forEach((one) => asked.append(name, one));
    }
    for (const [name, value] of Object.entries(params)) {
      asked.delete(name);
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined) asked.append(name, one);
      }
    }
    return `/v1/${route}?${asked}`;
  }

  /** Return the answer to such a question. */
  ask(route, params = {}) {
    return this.answers.ask(this.question(route, params));
  }

  /** Return the answer to a question that has neither period nor filters. */
  askPlain(route) {
    return this.answers.ask(`/v1/${route}`);
  }

  /** Return the address of a view of this page; period and filters stay, `changes` are put in their place. */
  address(view, changes = {}) {
    return addressOf(view, this.query, changes);
  }

  /** Return the address of this view with changes; what only it understands stays too. */
  here(changes) {
    return addressOf([this.view, ...this.rest.map(encodeURIComponent)].join("/"), this.query, changes, { own: true });
  }

  /**
   * Return the address of the messages behind a number.
   * @param {Object<string, string | string[]>} labels As the API's filters: `{stage: "delivery", sentiment: "negative"}`.
   */
  messages(labels = {}) {
    const { from, to, ...filters } = labels;
    const moved = from ? { from, to, period: null } : {};
    return addressOf("messages", this.query, { ...filters, ...moved });
  }

  /** Return the page's address of the messages that the API names as `/v1/feedback?…`. */
  messagesNamed(named) {
    return messagesNamed(named, this.query);
  }

  /** Whether any filter is set. */
  get isFiltered() {
    return FILTERS.some((name) => this.query.has(name));
  }
}
