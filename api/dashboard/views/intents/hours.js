/** Weekday × hour: when people write, or how they feel then, each hour one click from its messages. Weeks begin on Saturday, hours run from left to right. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { choices, downloads, panel, scrolling } from "../../core/parts.js";
import { linkBack } from "../../core/way-back.js";

const HOURS = Array.from({ length: 24 }, (_none, hour) => hour);

/** Return the panel. */
export function hoursPanel(page, t) {
  const answer = page.ask("hours");
  const byNet = page.query.get("hours") === "net";
  return panel(page, {
    title: t.hours, hint: answer.data?.n ? page.pick(answer.data, "sentence") : nothing, answer, wide: true, id: "hours",
    tools: html`${linkBack(page)}${choices(t.measure, [
      { name: t.byVolume, href: page.here({ hours: null }), chosen: !byNet },
      { name: t.byNet, href: page.here({ hours: "net" }), chosen: byNet },
    ])}${downloads(page, "hours")}`,
    draw: (data) => html`${scrolling(page, hoursTable(page, t, data, byNet), { isWide: true })}${key(t, byNet)}
      ${data.n_without_time ? html`<p class="hint">${t.withoutTime(page.write.count(data.n_without_time))}</p>` : nothing}`,
  });
}

function hoursTable(page, t, data, byNet) {
  const most = Math.max(...data.cells.map(({ n }) => n), 1);
  const at = new Map(data.cells.map((cell) => [`${cell.weekday} ${cell.hour}`, cell]));
  return html`<div class="scroll heat-scroll" dir="ltr" tabindex="0" role="region" aria-label=${t.hoursCaption}><table class="heat hours"><caption class="visually-hidden">${t.hoursCaption}</caption>
    <thead><tr><th scope="col"><span class="visually-hidden">${t.dayName}</span></th>${HOURS.map((hour) => html`<th scope="col"><span class="visually-hidden">${page.t.hourOf(page.write.plain(hour))}</span><span aria-hidden="true">${page.write.plain(hour)}</span></th>`)}</tr></thead>
    <tbody>${page.t.weekdayNames.map((name, weekday) => html`<tr><th scope="row"><bdi>${name}</bdi></th>${HOURS.map((hour) => hourCell(page, t, { cell: at.get(`${weekday} ${hour}`), name, hour, most, byNet }))}</tr>`)}</tbody></table></div>`;
}

function hourCell(page, t, { cell, name, hour, most, byNet }) {
  const { write } = page;
  if (!cell?.n) return html`<td class="cold"><span class="visually-hidden">${write.count(0)}</span></td>`;
  const net = cell.too_few ? t.fewHere : `${page.t.netSentiment} ${write.points(cell.net_sentiment)} (${write.points(cell.net_sentiment_low)} ${page.t.between} ${write.points(cell.net_sentiment_high)})`;
  const comma = page.isRtl ? "، " : ", ";
  const words = `${name}${comma}${page.t.hourOf(write.plain(hour))}: ${write.count(cell.n)} ${page.t.mentions} ${t.inMessages(write.count(cell.n_messages))}; ${net}`;
  const link = (told) => html`<a href=${page.messages({ weekday: cell.weekday, hour })} title=${words} aria-label=${words}>${told}</a>`;
  if (!byNet) return html`<td class="warm" .style=${`--heat:${Math.sqrt(cell.n / most).toFixed(3)}`}>${link(write.short(cell.n))}</td>`;
  if (cell.too_few) return html`<td class="cold few">${link("·")}</td>`;
  return html`<td class=${cell.net_sentiment < 0 ? "warm bad-heat" : "warm good-heat"} .style=${`--heat:${(Math.abs(cell.net_sentiment) / 100).toFixed(3)}`}>${link(html`<bdi>${write.points(cell.net_sentiment)}</bdi>`)}</td>`;
}

function key(t, byNet) {
  return byNet ? html`<p class="heat-key hint" dir="ltr"><bdi>${t.bad}</bdi> <span class="ramp net-ramp"></span> <bdi>${t.good}</bdi> <span class="few-key">· <bdi>${t.fewHere}</bdi></span></p>`
    : html`<p class="heat-key hint" dir="ltr"><bdi>${t.few}</bdi> <span class="ramp"></span> <bdi>${t.many}</bdi></p>`;
}
