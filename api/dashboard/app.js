/** Starts the page: asks who reads, shows the view that the address names, and draws again when anything changed. */

import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import { readAddress } from "./core/address.js";
import { closeDrops, filterBar } from "./core/filters.js";
import { pressed } from "./core/keys.js";
import { nothingYet } from "./core/nothing-yet.js";
import { Page } from "./core/page.js";
import { refusal } from "./core/parts.js";
import { Answers } from "./core/service.js";
import { shell } from "./core/shell.js";
import { WORDS } from "./core/words.js";

/** Id of a view: how its module is loaded, and whether period and filters mean anything to it. */
const VIEWS = {
  overview: { load: () => import("./views/overview.js"), filtered: true },
  journey: { load: () => import("./views/journey.js"), filtered: true },
  intents: { load: () => import("./views/intents.js"), filtered: true },
  drivers: { load: () => import("./views/drivers.js"), filtered: true },
  brands: { load: () => import("./views/brands.js"), filtered: true },
  messages: { load: () => import("./views/messages.js"), filtered: true },
  customers: { load: () => import("./views/customers.js"), filtered: true },
  asked: { load: () => import("./views/asked.js"), filtered: true },
  support: { load: () => import("./views/support.js"), filtered: true },
  sources: { load: () => import("./views/sources.js"), filtered: false },
  try: { load: () => import("./views/try.js"), filtered: false },
};

const root = document.getElementById("page");
const answers = new Answers(() => redraw());
const modules = {};
let options = null;
let session = null;
let isStillSignedIn = false;
let failure = null;
let isQueued = false;
let said = "";
let current = null; // the page as it is shown; null while nobody may see it
let cameAt = 0; // the browser's clock begins when the address is opened
let sought = location.hash; // what the address names within the view, until it is in its place

/** Draw once, soon, however many things changed. */
function redraw() {
  if (isQueued) return;
  isQueued = true;
  queueMicrotask(() => {
    isQueued = false;
    draw();
  });
}

function draw() {
  render(content(), root);
  root.toggleAttribute("data-waiting", answers.waiting);
  if (!answers.waiting && isDrawn(readAddress(location).view)) measure();
  seek();
}

/** Bring what the address names into sight; what is drawn above it may move it until the last answer came. */
function seek() {
  const found = sought && document.getElementById(sought.slice(1));
  if (!found) return;
  if (found.tabIndex < 0) found.setAttribute("tabindex", "-1");
  found.scrollIntoView();
  found.focus({ preventScroll: true });
  if (!answers.waiting) sought = "";
}

/** A view of figures needs no module where there is nothing to count. */
function isDrawn(view) {
  return Boolean(modules[view]) || (options?.data_from === null && VIEWS[view]?.filtered);
}

/**
 * Two measures of the browser's own clock, until what was drawn is painted: `bazkhord:draw` from when the last answer
 * arrived, before it was read; `bazkhord:view` from the click, or from when the address was opened.
 */
function measure() {
  const clicked = cameAt;
  if (clicked === null) return;
  const arrivedAt = answers.arrivedAt;
  cameAt = null;
  // The second frame begins when the first has been painted.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const end = performance.now();
    performance.measure("bazkhord:draw", { start: Math.max(clicked, arrivedAt), end });
    performance.measure("bazkhord:view", { start: clicked, end });
    root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
  }));
}

function content() {
  current = null;
  if (failure) return html`<main class="alone">${refusal({ t: WORDS[document.documentElement.lang], answers: { forget: () => location.reload() } }, failure)}</main>`;
  if (session?.needs_key && !session.signed_in) return modules.signIn ? modules.signIn.draw({ answers, start, redraw, t: WORDS[document.documentElement.lang] }) : nothing;
  if (!options) return html`<main class="alone"><div class="loading"></div></main>`;
  const page = new Page(answers, options, session, { redraw, go, say, signOut });
  current = page;
  const view = VIEWS[page.view];
  const hasMessages = options.data_from !== null;
  document.title = `${view ? page.t[page.view] : page.t.notFound} · ${page.t.product}`;
  return shell(page, { views: VIEWS, bar: view?.filtered && hasMessages ? filterBar(page, modules[page.view]?.chips?.(page)) : nothing, body: body(page, view), said, isStillSignedIn });
}

function body(page, view) {
  if (!view) return html`<h1 tabindex="-1">${page.t.notFound}</h1><p><a class="button" href=${page.address("overview")}>${page.t.toOverview}</a></p>`;
  if (view.filtered && options.data_from === null) return nothingYet(page);
  const module = modules[page.view];
  if (!module) {
    loadView(page.view);
    return html`<h1 tabindex="-1">${page.t[page.view]}</h1><div class="loading"></div>`;
  }
  return module.draw(page);
}

async function loadView(id) {
  try {
    modules[id] = await VIEWS[id].load();
  } catch (error) {
    failure = error;
  }
  const isHeading = document.activeElement?.tagName === "H1"; // of the view while it was on its way
  draw();
  if (isHeading) focusHeading();
}

function focusHeading() {
  document.querySelector("main h1")?.focus({ preventScroll: true });
}

/** Words for those who listen to the page: what just happened. */
function say(words) {
  said = words;
  redraw();
}

function go(address, { replace = false } = {}) {
  const before = readAddress(location);
  history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive(before);
}

function arrive(before) {
  cameAt = performance.now();
  sought = location.hash;
  const now = readAddress(location);
  // Several filters may be ticked one after the other.
  closeDrops(now.view === before.view ? document.querySelector("details.more-filters[open]") : null);
  if (now.view !== before.view || now.rest.join("/") !== before.rest.join("/")) {
    draw();
    scrollTo(0, 0);
    focusHeading();
    // What was answered before is drawn at once, and nothing else will look for the place.
    sought = location.hash;
    seek();
  } else {
    redraw();
  }
}

let shown = readAddress(location);
addEventListener("popstate", () => {
  arrive(shown);
  shown = readAddress(location);
});

document.addEventListener("click", (event) => {
  closeDrops(event.target.closest?.("details.drop"));
  const link = event.target.closest?.("a[href]");
  const isOurs = link && link.origin === location.origin && !link.target && !link.hasAttribute("download") && !link.pathname.startsWith("/v1/") && !link.pathname.startsWith("/docs");
  if (!isOurs || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
  event.preventDefault();
  go(link.href);
  shown = readAddress(location);
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
for (const moved of ["wheel", "touchmove", "keydown"]) addEventListener(moved, () => (sought = ""), { passive: true });
addEventListener("keydown", (event) => current && pressed(event, current, VIEWS));
addEventListener("beforeprint", draw);
addEventListener("afterprint", redraw);

/** Whoever believes to be signed out leaves the machine to others: if it failed, that is said. */
async function signOut() {
  try {
    await answers.send("DELETE", "/v1/session");
  } catch (error) {
    isStillSignedIn = error.status !== 401;
    if (isStillSignedIn) {
      redraw();
      return;
    }
  }
  isStillSignedIn = false;
  answers.clear();
  options = null;
  await start();
}

/** Who reads is asked first; without a key where one is needed, nothing else is. */
async function start() {
  try {
    session = await answers.send("GET", "/v1/session");
    answers.csrf = session.csrf_token;
    if (session.needs_key && !session.signed_in) modules.signIn ??= await import("./views/sign-in.js");
    else options = await answers.send("GET", "/v1/options");
    failure = null;
  } catch (error) {
    failure = error;
  }
  redraw();
}

answers.onSignedOut = () => {
  if (session?.signed_in) start();
};
await document.fonts.load("1em Vazirmatn");
start();
