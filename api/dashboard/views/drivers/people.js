/** What people say in the parts that moved net sentiment most. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { panel, toneOf } from "../../core/parts.js";
import { reasons } from "../../core/reasons.js";
import { splitOf } from "./change.js";

const MOST_PARTS = 3;
const FEW_PARTS = 2;

/** Return the panel, where there is a change to tell of; `other` is the period that this one is compared with. */
export function peoplePanel(page, t, other) {
  const answer = page.ask("drivers", { by: splitOf(page), ...other.asked });
  if (!answer.data || answer.data.too_few || answer.data.drivers.length === 0) return nothing;
  return panel(page, {
    id: "people", title: t.people, hint: other.isOwn ? t.ownDaysWords : t.peopleHint, wide: true, answer,
    draw: (data) => html`<div class="rs-columns">${largest(data.drivers).map((part) => column(page, part, { by: data.by, before: other.asked }))}</div>`,
  });
}

/** Return the largest parts that are more than chance, the largest first; where none is, the largest of all. What belongs to no stage is no part. */
export function largest(parts) {
  const named = parts.filter(({ value }) => value !== "none" && value !== null);
  const sure = named.filter(({ significant }) => significant);
  const bySize = (one, other) => Math.abs(other.total) - Math.abs(one.total);
  return sure.length ? sure.sort(bySize).slice(0, MOST_PARTS) : named.sort(bySize).slice(0, FEW_PARTS);
}

function column(page, part, { by, before }) {
  const tone = part.significant ? toneOf(part.total) : "";
  return html`<section class="rs-column" data-value=${part.value}><h3><a href=${page.messagesNamed(part.messages)}>${page.pick(part, "label")}</a>
      <bdi class=${tone}>${page.write.pointsFine(part.total)}</bdi></h3>
    ${reasons(page, { [by]: part.value }, { points: part.total, before })}</section>`;
}
