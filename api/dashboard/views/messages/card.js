/** One message: its text with the mentions in it, and what is known about it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { cut, fold } from "../../core/text.js";
import { detail, focusSoon } from "./detail.js";
import { nameOf } from "./question.js";
import { unsureOf } from "./sureness.js";

const SHOWN_CHARS = 700;
const unfolded = new Set();

/**
 * Return a message.
 * @param {{asksForMentions: boolean}} how Whether the mentions that fit are told from those that do not.
 */
export function card(page, t, message, { asksForMentions }) {
  const opened = message.mentions.find((mention) => nameOf(message, mention) === page.query.get("open"));
  const sought = asksForMentions ? message.mentions.filter((mention) => mention.matches) : [];
  const felt = [...new Set(sought.map((mention) => mention.sentiment))];
  const found = felt.includes(message.sentiment) ? [] : felt;
  return html`<article class="msg ${found[0] ?? message.sentiment}" id=${`m-${message.id}`}><header>${feelings(page, t, message, found)}${unsure(page, t, message, sought)}
      <time datetime=${message.created_at} title=${message.created_at_is_arrival ? t.arrival : nothing}>${page.write.moment(message.created_at)} · <span class="msg-age">${page.write.ago(message.created_at)}</span></time></header>
    ${text(page, t, message, { opened, asksForMentions })}
    ${opened ? detail(page, t, message, opened) : nothing}
    <footer>${facts(page, t, message)}${ways(page, t, message)}</footer></article>`;
}

/** The badge is the whole message's; where the mentions that were asked for feel otherwise, both say whose they are. */
function feelings(page, t, message, found) {
  const whole = page.name("sentiment", message.sentiment);
  return html`${found.map((one) => html`<span class="tag ${one}">${t.ofMention(page.name("sentiment", one))}</span>`)}
    <span class="tag ${message.sentiment}">${found.length ? t.ofWhole(whole) : whole}</span>
    ${message.emotion === "none" ? nothing : html`<span class="tag emotion ${message.emotion}">${page.name("emotion", message.emotion)}</span>`}
    ${message.flags.map((flag) => html`<span class="badge">${page.name("flag", flag)}</span>`)}`;
}

function unsure(page, t, message, sought) {
  const unsureHeads = unsureOf(page, message, sought.length ? sought : message.mentions);
  if (unsureHeads.length === 0) return nothing;
  const said = unsureHeads.map(({ head, label, confidence }) => `${page.t[head]}: ${page.name(head, label)}${page.isRtl ? "،" : ","} ${t.sure(page.write.percent(confidence))}`).join(" · ");
  return html`<span class="msg-unsure" title=${said}>${t.unsure(unsureHeads.map(({ head }) => page.t[head]).join(page.isRtl ? "، " : ", "))}<span class="visually-hidden"> (${said})</span></span>`;
}

function text(page, t, message, { opened, asksForMentions }) {
  const isWhole = unfolded.has(message.id);
  const sought = opened ?? (asksForMentions ? message.mentions.find((mention) => mention.matches) : null);
  const part = isWhole ? { ...message, hasBefore: false, hasAfter: false } : fold(message.text, message.mentions, { size: SHOWN_CHARS, sought });
  const isFolded = part.hasBefore || part.hasAfter;
  const pieces = cut(part.text, part.mentions).map((piece) => piece.mention
    ? mark(page, t, message, piece, { isOpen: piece.mention.mention_id === opened?.mention_id, asksForMentions }) : piece.text);
  // One line: white space in the template would become white space of the text.
  return html`<p class="msg-text" dir="auto">${part.hasBefore ? "… " : nothing}${pieces}${part.hasAfter ? " …" : nothing}</p>
    ${isFolded || isWhole ? html`<button type="button" class="msg-fold" aria-expanded=${isWhole} @click=${() => turn(page, message.id)}>${isWhole ? t.less : t.all}</button>` : nothing}`;
}

function turn(page, id) {
  if (!unfolded.delete(id)) unfolded.add(id);
  page.actions.redraw();
}

/** The words of a mention, a link to its details; it holds nothing but its words. */
function mark(page, t, message, { text: words, mention }, { isOpen, asksForMentions }) {
  const fits = asksForMentions ? (mention.matches ? " fits" : " other") : "";
  const said = ["sentiment", "stage", "intent", "aspect"].map((head) => page.name(head, mention[head])).join(" · ");
  const name = nameOf(message, mention);
  return html`<a class="mark ${mention.sentiment}${fits}${mention.corrected ? " corrected" : ""}" id=${`mark-${name}`} href=${page.here({ open: isOpen ? null : name })}
    aria-expanded=${isOpen} title=${mention.corrected ? `${said} · ${t.corrected}` : said} @click=${() => focusSoon(isOpen ? `mark-${name}` : "mention-detail")}>${words}</a>`;
}

function facts(page, t, message) {
  const { rating, status } = message;
  const told = [message.source, message.brand, message.product, message.segment, message.touchpoint].filter(Boolean);
  return html`<ul class="msg-facts"><li>${page.name("channel", message.channel)}</li>${told.map((one) => html`<li><bdi>${one}</bdi></li>`)}
    ${rating ? html`<li title=${t.rating}>★ ${page.write.decimal(rating.value)} ${t.of} ${page.write.decimal(rating.highest)}</li>` : nothing}
    ${status ? html`<li>${t.status}: <bdi>${t.statuses[status.toLowerCase()] ?? status}</bdi></li>` : nothing}
    ${message.n_copies > 0 ? html`<li>${t.copiesMore(page.write.count(message.n_copies))}</li>` : nothing}</ul>`;
}

function ways(page, t, message) {
  const desk = webAddress(message.permalink);
  return html`<span class="msg-ways">${message.customer_key ? html`<a href=${page.address(`customers/${encodeURIComponent(message.customer_key)}`)}>${t.customer}</a>` : nothing}
    ${desk ? html`<a href=${desk} target="_blank" rel="noreferrer">${t.desk}<span class="visually-hidden"> (${t.newTab})</span></a>` : nothing}</span>`;
}

/** Return the address if a browser may be sent there: what sources write is not always one of the web. */
export function webAddress(written) {
  if (!written || !URL.canParse(written)) return null;
  const { protocol, href } = new URL(written);
  return protocol === "https:" || protocol === "http:" ? href : null;
}
