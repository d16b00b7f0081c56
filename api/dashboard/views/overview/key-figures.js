/** The row of key figures: each with its interval, its change, and its messages one click away. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { olderOpen } from "../../core/open.js";
import { estimateBadge, figure, inside, netFigure, toneOf } from "../../core/parts.js";
import { shownTrend } from "./buckets.js";

/** Return the row. */
export function keyFigures(page, t, asked) {
  return html`<ul class="key-figures" aria-label=${t.keyFigures}>
    ${netCard(page, t, asked)}${negativeCard(page, t, asked)}${messagesCard(page, t, asked)}${urgentCard(page, t, asked)}</ul>`;
}

function card(page, { title, hint, badge, answer, draw }) {
  return html`<li class="panel ov-key" aria-busy=${answer.status === "loading"}><h2 title=${hint ?? nothing}>${title} ${badge}</h2>
    ${inside(page, { answer, draw, isEmpty: () => false })}</li>`;
}

function netCard(page, t, { stages, trends }) {
  const isAdjusted = page.estimate === "adjusted";
  const answer = isAdjusted ? shownTrend(trends).answer : stages;
  return card(page, {
    title: page.t.netSentiment, hint: page.t.netSentimentHint, badge: estimateBadge(page, answer.data), answer,
    draw: (data) => html`${netFigure(page, isAdjusted ? data : data.total, page.messages())}
      ${stages.data ? changeLine(page, t, netChange(page, t, stages.data), isAdjusted) : nothing}`,
  });
}

function netChange(page, t, { total, ...data }) {
  const { change, significant } = total;
  return { data, isSure: significant, change: change === null ? null : page.write.points(change), before: page.write.points(total.net_sentiment_before ?? 0), tone: toneOf(change), isUp: change > 0 };
}

function negativeCard(page, t, { sentiments, adjusted }) {
  const answer = adjusted ?? sentiments;
  return card(page, {
    title: t.negativeShare, badge: estimateBadge(page, answer.data), answer,
    draw: (data) => {
      const told = adjusted ? data.groups.find((one) => one.values.sentiment === "negative") : lineOf(data);
      const href = page.messages({ sentiment: "negative" });
      return html`${figure(page, { value: told ? told.share : data.n < 30 ? null : 0, low: told?.share_low, high: told?.share_high, n: told?.n ?? 0, href, write: page.write.percent })}
        ${sentiments.data ? changeLine(page, t, shareChange(page, t, sentiments.data), Boolean(adjusted)) : nothing}`;
    },
  });
}

function lineOf(data) {
  return data.lines.find((one) => one.value === "negative");
}

function shareChange(page, t, data) {
  const told = lineOf(data) ?? { share_change: null };
  const points = told.share_change === null ? null : told.share_change * 100;
  return {
    data, isSure: told.share_significant, change: points === null ? null : page.write.points(points), unit: t.percentPoints,
    before: page.write.percent(told.share_before ?? 0), tone: points === null ? "" : toneOf(-points), isUp: points > 0,
  };
}

/** A change that may be chance is said to be one, and has no colour. */
function changeLine(page, t, { data, isSure, change, unit, before, tone, isUp }, isRaw) {
  if (Date.parse(data.before_to) <= Date.parse(data.data_from)) return html`<p class="change">${t.beforeUnknown}</p>`;
  if (change === null) return html`<p class="change">${t.beforeFew}</p>`;
  const arrow = html`<span aria-hidden="true">${isUp ? "▲" : "▼"}</span>`;
  const said = isSure ? html`<b class=${tone}>${arrow} <bdi>${change}</bdi> ${unit}</b> ${t.from} <bdi>${before}</bdi>` : html`${t.noSureChange} (<bdi>${change}</bdi>${unit ? ` ${unit}` : nothing})`;
  return html`<p class="change" title=${t.than}>${said}${isRaw ? html` · ${t.ofRaw}` : nothing}</p>`;
}

function messagesCard(page, t, { messages, messagesBefore, before, stages }) {
  return card(page, {
    title: t.messages, answer: messages,
    draw: (data) => html`${figure(page, { value: data.n, href: page.messages(), write: page.write.count })}
      ${stages.data ? html`<span class="sure">${page.write.count(stages.data.n)} ${t.inMentions}</span>` : nothing}
      ${messagesBefore.data ? volumeLine(page, t, data, messagesBefore.data.n, before) : nothing}`,
  });
}

function volumeLine(page, t, data, nBefore, before) {
  const first = data.data_from?.slice(0, 10);
  if (!first || before.to <= first) return html`<p class="change">${t.beforeUnknown}</p>`;
  const count = html`<a href=${page.messages(before)}>${page.write.count(nBefore)}</a>`;
  if (before.from < first) return html`<p class="change">${t.beforePartly}: ${count}</p>`;
  if (nBefore === 0) return html`<p class="change">${page.t.before}: ${page.write.count(0)}</p>`;
  const share = data.n / nBefore - 1;
  const said = Math.abs(share) < 0.005 ? t.same : html`<span aria-hidden="true">${share > 0 ? "▲" : "▼"}</span> <bdi>${page.write.percent(share)}</bdi>`;
  return html`<p class="change" title=${t.than}><b>${said}</b> ${t.from} ${count}</p>`;
}

/** That nothing urgent waits is no good news where nothing was said at all. */
function urgentCard(page, t, { urgent, messages }) {
  const none = messages.data?.n === 0 ? page.t.empty : t.noneUrgent;
  return card(page, {
    title: t.urgent, hint: t.urgentHint, answer: urgent.now,
    draw: (data) => html`${figure(page, {
      value: data.n, href: urgent.all, write: page.write.count, tone: data.n > 0 ? "bad" : "",
    })}<p class="change">${data.n > 0 ? html`${t.urgentNow} ${olderOpen(page, urgent)}` : none}</p>`,
  });
}
