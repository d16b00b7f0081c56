/** Questions to the service and its answers, each remembered by its address while the page is open. */

const FRESH_MS = 30_000;

/** What the service refused: a problem of RFC 9457. */
export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Answers of the service.
 *
 * An answer is `{status: "loading" | "ready" | "failed", data, error}`; while it is asked for again, `data` is the
 * one before.
 */
export class Answers {
  #known = new Map();
  #changed;
  csrf = null;
  /** When the last answer had come over the line, by `performance.now()`. */
  arrivedAt = 0;
  /** Called with the Refused when the service wants a key. */
  onSignedOut = () => {};

  /** @param {() => void} changed Called whenever an answer came. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether something that was asked for is still to come. */
  get waiting() {
    return [...this.#known.values()].some((one) => one.status === "loading");
  }

  /** Return the answer to a GET of an address under `/v1`; it is asked for if it is not known or old. */
  ask(address) {
    const known = this.#known.get(address);
    if (known && (known.status === "loading" || performance.now() - known.at < FRESH_MS)) return known;
    const asked = { status: "loading", data: known?.data ?? null, error: null, at: performance.now() };
    this.#known.set(address, asked);
    this.#fetch(address, asked);
    return asked;
  }

  async #fetch(address, answer) {
    try {
      answer.data = await this.send("GET", address);
      answer.status = "ready";
    } catch (error) {
      answer.status = "failed";
      answer.error = error;
      if (error instanceof Refused && error.status === 401) this.onSignedOut(error);
    }
    answer.at = performance.now();
    this.#changed();
  }

  /** All that was answered counts as old: what is shown is asked for again, and replaced when it comes. */
  forget() {
    for (const answer of this.#known.values()) answer.at = -Infinity;
    this.#changed();
  }

  /** What was answered is not shown any more: somebody else may sit here. */
  clear() {
    this.#known.clear();
  }

  /**
   * Send a request; return what was answered.
   * @param {string} method
   * @param {string} address
   * @param {unknown} body Sent as JSON.
   * @param {Object<string, string>} headers
   * @throws {Refused} The service said no.
   * @throws {TypeError} It could not be reached.
   */
  async send(method, address, body = undefined, headers = {}) {
    const sent = { Accept: "application/json", ...headers };
    if (body !== undefined) sent["Content-Type"] = "application/json";
    if (method !== "GET" && this.csrf) sent["X-CSRF-Token"] = this.csrf;
    const answer = await fetch(address, { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.status === 204) return null;
    const text = await answer.text();
    this.arrivedAt = performance.now();
    const told = text ? parse(text) : null;
    if (!answer.ok) throw new Refused(told ?? { title: answer.statusText }, answer.status);
    return told;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
