/** The messages of one customer, one after another, with the time that passed between them. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { permalink, saidText, scores, stagesOf, statusWord } from "./said.js";
import { lengthOf } from "./time.js";

/** Return the steps of a way; where the address names a stage, only those that speak of it. */
export function drawSteps(page, t, way) {
  const at = page.query.get("at");
  const steps = at ? way.steps.filter((step) => step.mentions.some(({ stage }) => stage === at)) : way.steps;
  return html`${at ? html`<p class="way-only">${t.only(page.name("stage", at))} <a href=${page.here({ at: null })}>${t.allSteps}</a></p>` : nothing}
    <ol class="way-steps">${steps.map((step) => drawStep(page, t, step, { isWhole: !at }))}</ol>
    <p class="customer-list-end"><span class="hint">${t.shown(page.write.count(steps.length), page.write.count(way.n_messages))}</span>
    ${way.next ? html`<a class="button" href=${page.here({ pages: (Math.trunc(Number(page.query.get("pages"))) || 1) + 1 })}>${t.more}</a>` : nothing}</p>`;
}

function drawStep(page, t, step, { isWhole }) {
  return html`<li id="step-${step.id}" class="way-step ${step.sentiment ?? "unread"}" tabindex="-1">
    ${isWhole && step.gap_s !== null ? html`<p class="way-gap">${gapWords(page, t, step.gap_s)}</p>` : nothing}
    <article><header><b>${page.name("channel", step.channel)}</b> <time datetime=${step.created_at}>${page.write.moment(step.created_at)}</time>
        ${step.sentiment ? html`<span class="tag ${step.sentiment}">${page.name("sentiment", step.sentiment)}</span>` : nothing} ${scores(page, step)}</header>
      ${saidText(page, step)}
      <footer>${stagesOf(step.mentions).map((stage) => html`<span class="tag">${page.name("stage", stage)}</span> `)}
        ${step.flags.map((flag) => html`<span class="badge">${page.name("flag", flag)}</span> `)}${asides(page, t, step)} ${permalink(page, step)}</footer></article></li>`;
}

function gapWords(page, t, seconds) {
  if (seconds < 60) return seconds === 0 ? t.together : t.soon;
  return t.later(lengthOf(page, seconds));
}

/** What the source tells besides: its name, product, queue, how often it was answered. */
function asides(page, t, step) {
  const told = [step.source, step.product, step.queue, step.status && statusWord(page, step.status)].filter(Boolean);
  if (step.n_replies > 0) told.push(`${page.write.count(step.n_replies)} ${t.replies}`);
  return html`<small class="way-asides">${told.map((one) => html`<bdi>${one}</bdi>`)}</small>`;
}
