/** What the waits leave out, and why: nobody should have to guess. */

import { html } from "../../vendor/lit-html/lit-html.js";

/** Return the counts of cases that tell no time. */
export function drawLeftOut(page, t, { total, n_without_answers: without }) {
  const lines = [["firstResponse", total.first_response], ["resolution", total.resolution]].flatMap(([kind, wait]) => reasons(page, t, t[kind], wait.n_left_out));
  if (without > 0) lines.push(t.withoutAnswers(page.write.count(without)));
  return html`<details class="support-left"><summary>${t.left}</summary><ul>${(lines.length ? lines : [t.nothingLeft]).map((line) => html`<li>${line}</li>`)}</ul></details>`;
}

function reasons(page, t, what, { date_only: dateOnly, before, not_told: untold }) {
  return [[dateOnly, t.dateOnly], [before, t.before], [untold, t.untold]].filter(([n]) => n > 0)
    .map(([n, words]) => `${t.leftOf(what)} ${words(page.write.count(n))}`);
}
