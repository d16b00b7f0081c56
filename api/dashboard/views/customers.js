/** Customers: who said most, and one customer's way over all channels. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { choices, downloads, netFigure, panel, table } from "../core/parts.js";
import { shortKey } from "./customers/said.js";
import { drawWay } from "./customers/way.js";

const ORDERS = ["messages", "negative", "channels"];
const STEP = 25;
const MOST = 1000;
const LONG_MS = 300 * 86_400_000;
const WORDS = {
  fa: {
    customer: "مشتری", messages: "بیشترین پیام", negative: "بیشترین نارضایتی", channels: "بیشترین کانال", order: "ترتیب", list: "مشتریان این دوره",
    hint: "هر مشتری با شناسه‌ای ساختگی می‌آید، نه با نام یا شماره. روی آن بزنید تا راه او را از کانالی به کانال دیگر ببینید.",
    message: ["پیام", "پیام"], channel: ["کانال", "کانال"], negativeMentions: "نظرهای منفی", ofMentions: (negative, n) => `${negative} از ${n} نظر`, said: "آنچه گفته", when: "از کی تا کی", n: (shown, all) => `${shown} از ${all} مشتری`,
    more: "مشتریان بیشتر", none: "در این دوره مشتری شناخته‌شده‌ای با این فیلترها نیست.",
  },
  en: {
    customer: "Customer", messages: "Most messages", negative: "Most negative", channels: "Most channels", order: "Order", list: "Customers of this period",
    hint: "Each customer has a pseudonym in place of a name or number. Follow one to see the way from channel to channel.",
    message: ["message", "messages"], channel: ["channel", "channels"], negativeMentions: "Negative mentions", ofMentions: (negative, n) => `${negative} of ${n}`, said: "What was said", when: "From when to when", n: (shown, all) => `${shown} of ${all} customers`,
    more: "More customers", none: "No known customer of this period fits these filters.",
  },
};

/** Return the view: the list, or where the address names a customer, the way of that one. */
export function draw(page) {
  return page.rest[0] ? drawWay(page, page.rest[0]) : drawList(page);
}

function drawList(page) {
  const t = page.words(WORDS);
  const order = ORDERS.includes(page.query.get("order")) ? page.query.get("order") : ORDERS[0];
  const limit = Math.min(MOST, Math.max(STEP, Math.trunc(Number(page.query.get("limit"))) || STEP));
  const found = page.ask("customers", { order, limit });
  return html`<div class="view-head"><h1 tabindex="-1">${page.t.customers}</h1>
      ${choices(t.order, ORDERS.map((id) => ({ name: t[id], href: page.here({ order: id, limit: null }), chosen: id === order })))}</div>
    ${panel(page, {
      title: t.list, hint: t.hint, answer: found, id: "customer-list", tools: downloads(page, "customers", { order, limit: MOST }),
      isEmpty: (data) => data.n_customers === 0,
      draw: (data) => html`${customerTable(page, t, data.customers)}<p class="customer-list-end">
        <span class="hint">${t.n(page.write.count(data.customers.length), page.write.count(data.n_customers))}</span>
        ${data.customers.length < Math.min(MOST, data.n_customers) ? html`<a class="button" href=${page.here({ limit: limit + STEP })}>${t.more}</a>` : nothing}</p>`,
    })}`;
}

function customerTable(page, t, customers) {
  const most = Math.max(1, ...customers.map(({ n }) => n));
  return table(t.list, [
    { head: t.customer, cell: ({ customer_key: key }) => html`<a class="who" href=${wayOf(page, key)}>${shortKey(key)}</a>` },
    { head: page.t.messages, cell: ({ n_messages: n }) => counted(page, n, t.message) },
    { head: page.t.channel, cell: ({ n_channels: n }) => counted(page, n, t.channel) },
    { head: t.said, cell: (one) => saidBar(page, one, most) },
    { head: t.negativeMentions, cell: (one) => negative(page, t, one) },
    { head: t.when, cell: (one) => stretch(page, one.first_at, one.last_at) },
  ], customers);
}

/** Return the address of a customer's way. */
export function wayOf(page, key) {
  return page.address(`customers/${encodeURIComponent(key)}`);
}

function counted(page, n, [one, several]) {
  return html`<span class="counted">${page.write.count(n)} ${n === 1 ? one : several}</span>`;
}

/** A share of so few would be chance: counts, and net sentiment only of the few customers who said enough. */
function negative(page, t, one) {
  const href = wayOf(page, one.customer_key);
  const isTold = !one.too_few && !page.query.has("sentiment");
  return html`<a class="figure" href=${href}><span class="value">${t.ofMentions(page.write.count(one.n_negative), page.write.count(one.n))}</span></a>
    ${isTold ? html`<small class="customer-net">${page.t.netSentiment} ${netFigure(page, { ...one, n: undefined }, href)}</small>` : nothing}`;
}

/** A bar as long as what was said, so that one sees at a glance who says much and how it sounds. */
function saidBar(page, told, most) {
  const kinds = ["negative", "neutral", "positive"].filter((kind) => told[`n_${kind}`] > 0);
  const words = kinds.map((kind) => `${page.name("sentiment", kind)}: ${page.write.count(told[`n_${kind}`])}`).join(page.isRtl ? "، " : ", ");
  if (kinds.length === 0) return nothing;
  return html`<span class="bar" role="img" aria-label=${words} title=${words} .style=${`inline-size:${Math.max(6, (100 * told.n) / most)}%`}>
    ${kinds.map((kind) => html`<span class="part ${kind}" .style=${`flex-grow:${told[`n_${kind}`]}`}></span>`)}</span>`;
}

function stretch(page, first, last) {
  const isLong = new Date(last) - new Date(first) > LONG_MS;
  const [from, to] = [first, last].map(isLong ? page.write.month : page.write.dayShort);
  return html`<span class="stretch">${from === to ? from : html`${from} ${page.t.between} ${to}`}</span>`;
}
