/** What every view of figures shows while nothing was ever stored: that, where to look, and how to begin. */

import { html } from "../vendor/lit-html/lit-html.js";

const COMMANDS = ["bazkhord sources add", "bazkhord run"];

/** Return the state. */
export function nothingYet(page) {
  const { t } = page;
  return html`<div class="view-head"><h1 tabindex="-1">${t[page.view]}</h1></div>
    <section class="panel nothing" id="nothing-yet"><h2>${t.nothingYet}</h2><p class="hint">${t.nothingYetHint}</p>
      <p><a class="button" href=${page.address("sources")}>${t.toSources}</a>
        <button type="button" @click=${() => location.reload()}>${t.retry}</button></p>
      <details class="technical"><summary>${t.forEngineers}</summary>${COMMANDS.map((line) => html`<pre dir="ltr" tabindex="0"><code>${line}</code></pre>`)}</details></section>`;
}
