/** Messages that need somebody now: how old, in what state, what they say, and the way to the help desk. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { olderOpen } from "../../core/open.js";
import { wayOf } from "../customers.js";
import { permalink, saidText, scores, stagesOf, statusWord } from "../customers/said.js";

/**
 * Return a list of messages.
 * @param {{data: object, open: object, none: string}} list The API's page of messages, of what it is one, what to say of none.
 */
export function messageList(page, t, { data, open, none }) {
  if (data.n === 0) return html`<p class="nothing">${none}</p>`;
  return html`<ol class="support-messages">${data.items.map((item, at) => html`${at > 0 && at === data.n_angry ? html`<li class="calm-from-here">${t.calmFromHere}</li>` : nothing}<li>${message(page, t, item)}</li>`)}</ol>
    <p class="support-all"><a class="button" href=${open.all}>${t.seeAll(page.write.count(data.n))}</a> ${olderOpen(page, open)}</p>`;
}

function message(page, t, item) {
  return html`<article><header><time datetime=${item.created_at} title=${page.write.moment(item.created_at)}><b>${page.write.ago(item.created_at)}</b></time>
      ${item.status ? html`<span class="tag status">${statusWord(page, item.status)}</span>` : nothing}
      <small>${page.name("channel", item.channel)}</small>
      ${item.flags.map((flag) => html`<span class="badge">${page.name("flag", flag)}</span>`)}
      ${item.emotion === "none" ? nothing : html`<span class="tag negative">${page.name("emotion", item.emotion)}</span>`} ${scores(page, item)}</header>
    ${saidText(page, item)}
    <footer>${stagesOf(item.mentions).map((stage) => html`<span class="tag">${page.name("stage", stage)}</span>`)}
      <small>${t.number} <bdi dir="ltr">${item.native_id}</bdi></small>
      ${item.customer_key ? html`<a href=${wayOf(page, item.customer_key)}>${t.customer}</a>` : nothing} ${permalink(page, item)}</footer></article>`;
}
