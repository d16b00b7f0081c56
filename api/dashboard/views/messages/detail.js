/** One mention: its labels, how sure the model is of them, why, and setting them right. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { correction } from "./correct.js";
import { HEADS, nameOf } from "./question.js";
import { why, whyOf } from "./why.js";

/** Move the focus to an element once it is drawn. */
export function focusSoon(id) {
  setTimeout(() => document.getElementById(id)?.focus());
}

/** Return the details of a mention, below its message. */
export function detail(page, t, message, mention) {
  const head = HEADS.includes(page.query.get("why")) ? page.query.get("why") : "sentiment";
  const told = whyOf(page, message, mention, head);
  const judged = mention.corrected ? page.askPlain(`feedback/${message.id}/mentions/${mention.mention_id}`).data?.correction : null;
  const back = page.here({ open: null, why: null });
  const close = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    page.actions.go(back);
    focusSoon(`mark-${nameOf(message, mention)}`);
  };
  return html`<section class="msg-detail" id="mention-detail" tabindex="-1" aria-label=${t.detail} @keydown=${close}>
    <header><h3>${t.detail}</h3>${judged ? badge(page, t, mention, judged) : nothing}
      <a class="button msg-close" href=${back} aria-label=${page.t.close} @click=${() => focusSoon(`mark-${nameOf(message, mention)}`)}>×</a></header>
    <ul class="msg-labels">${HEADS.map((one) => label(page, t, { mention, judged, head: one, chosen: head, said: told.data?.said[one] }))}</ul>
    ${why(page, t, { message, mention, head, told })}
    ${page.mayWrite ? correction(page, t, message, mention) : html`<p class="hint">${t.mayNot}</p>`}</section>`;
}

/** A label with its confidence; choosing it asks why the mention has it. */
function label(page, t, { mention, judged, head, chosen, said }) {
  return html`<li><a href=${page.here({ why: head })} aria-current=${head === chosen ? "true" : nothing}>
    <small>${page.t[head]}</small><b>${page.name(head, mention[head])}</b><small>${sureness(page, t, { mention, judged, head, said })}</small></a></li>`;
}

function sureness(page, t, { mention, judged, head, said }) {
  const predicted = judged?.predicted[head];
  if (predicted && predicted !== mention[head]) return t.modelSaid(page.name(head, predicted));
  if (head === "stage" && mention.stage_from_touchpoint) return t.touchpoint;
  const percent = t.sure(page.write.percent(mention[`${head}_confidence`]));
  return said && said.label === mention[head] ? `${t.levels[said.level]} · ${percent}` : percent;
}

function badge(page, t, mention, { predicted, corrected_by: who, corrected_at: when }) {
  const isConfirmed = HEADS.every((head) => predicted[head] === mention[head]);
  const by = who === "this machine" ? t.machine : who;
  return html`<span class="badge">${isConfirmed ? t.confirmed : t.corrected}</span> <small><bdi>${t.byWhom(by, page.write.moment(when))}</bdi></small>`;
}
