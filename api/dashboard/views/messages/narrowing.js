/** What only messages are filtered by, as chips that can be taken away: the figure that was clicked says it here. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { narrowingOf } from "./question.js";

const ANEW = { cursor: null, limit: null, open: null };

/** Return the chips; nothing where there are none. */
export function narrowingChips(page, t) {
  const chips = Object.entries(narrowingOf(page)).flatMap(([name, values]) => values.map((value) => chip(page, t, { name, value, values })));
  return chips.length === 0 ? nothing : html`<ul class="chips msg-narrowing" aria-label=${t.narrowed}>${chips}</ul>`;
}

function chip(page, t, { name, value, values }) {
  const words = wordsOf(page, t, name, value);
  const left = values.filter((one) => one !== value);
  const remove = () => page.actions.go(page.here({ ...ANEW, [name]: left.length ? left : null }));
  return html`<li><span>${t.narrowing[name]}: <bdi>${words}</bdi></span>
    <button type="button" aria-label="${page.t.remove} ${t.narrowing[name]}: ${words}" @click=${remove}>×</button></li>`;
}

function wordsOf(page, t, name, value) {
  if (name === "weekday") return page.t.weekdayNames[value] ?? value;
  if (name === "hour") return t.wholeHour(...[value, (Number(value) + 1) % 24].map(page.write.plain));
  return value || page.t.none;
}
