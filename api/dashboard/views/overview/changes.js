/** What changed against the period before, at which stages, and which aspects made it so: in sentences. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { addDays, dayOf, isoOf } from "../../core/periods.js";
import { chanceNote, downloads, figure, inside, panel, toneOf } from "../../core/parts.js";
import { eventsOf, isCalm, reasons } from "../../core/reasons.js";

const MOST_LINES = 4;
const MOST_PARTS = 3;

/** Return the panel; it is a short one where nothing stands before the period. */
export function changesPanel(page, t, { stages, drivers }) {
  const isAlone = stages.data !== null && !isComparable(stages.data);
  return panel(page, {
    id: "changes", title: t.changes, answer: stages, wide: isAlone, hint: stages.data && !isAlone ? beforeWords(page, t, stages.data) : nothing,
    tools: downloads(page, "compare", { by: "stage" }),
    draw: (data) => (isAlone ? shorterPeriods(page, t) : html`<p class="ov-lead" dir="auto">${page.pick(data.total, "sentence")}</p>${stageLists(page, t, data)}
      <div class="ov-why"><h3>${t.why}</h3>${inside(page, { answer: drivers, draw: (told) => parts(page, t, told, fallenOf(data)) })}
        <p><a href=${page.address("drivers", { by: "aspect" })}>${t.toDrivers}</a></p></div>`),
  });
}

function isComparable(data) {
  return data.n_before > 0;
}

function shorterPeriods(page, t) {
  return html`<p>${t.beforeUnknown}. ${t.takeShorter}</p><p class="ov-links">${["last_month", "30d", "7d"].filter((id) => id !== page.period.preset).map((id) =>
    html`<a class="button" href=${page.here({ period: id, from: null, to: null })}>${page.t[id]}</a>`)}</p>`;
}

function beforeWords(page, t, data) {
  const last = isoOf(addDays(dayOf(data.before_to), -1));
  const days = `${t.against} ${page.write.day(data.before_from)} ${page.t.between} ${page.write.day(last)}`;
  return Date.parse(data.before_from) < Date.parse(data.data_from) ? `${days} (${t.beforePartly})` : days;
}

function stageLists(page, t, data) {
  if (data.total.too_few) return nothing;
  const moved = data.lines.filter((line) => line.significant);
  const worse = moved.filter((line) => line.change < 0);
  const better = moved.filter((line) => line.change > 0);
  const shifted = data.lines.filter((line) => line.share_significant && !line.significant);
  if (moved.length + shifted.length === 0) return html`<p class="hint">${t.noneChanged}</p>`;
  return html`${worse.length ? stageList(page, t, t.worse, worse, "bad-line") : html`<p class="hint">${t.noneWorse}</p>`}
    ${better.length ? stageList(page, t, t.better, better, "good-line") : nothing}
    ${shifted.length ? stageList(page, t, t.shifted, shifted, "") : nothing}`;
}

function stageList(page, t, head, lines, tone) {
  return html`<h3>${head}</h3><ul class="sentences">${lines.slice(0, MOST_LINES).map((line) => html`<li class=${tone}>
    <span dir="auto">${page.pick(line, "sentence")}</span>
    <span class="ov-links"><a href=${page.messagesNamed(line.messages)}>${t.nowMessages}</a>
      <a href=${page.messagesNamed(line.messages_before)}>${t.beforeMessages}</a>
      <a href=${page.address("drivers", { by: "aspect", stage: line.value })} aria-label="${t.whyHere} ${page.pick(line, "label")}">${t.whyHere}</a></span></li>`)}</ul>`;
}

/** The stage that fell most beyond chance; null: none did. */
function fallenOf(data) {
  if (data.total.too_few) return null;
  return data.lines.filter((line) => line.significant && line.change < 0).sort((one, other) => one.change - other.change)[0] ?? null;
}

function parts(page, t, data, fallen) {
  if (data.too_few || data.drivers.length === 0) return html`<p class="hint">${page.pick(data, "summary")}</p>`;
  const bySize = [...data.drivers].sort((one, other) => Math.abs(other.total) - Math.abs(one.total));
  const sure = bySize.filter((part) => part.significant);
  const shown = (sure.length ? pulledFirst(sure, Boolean(fallen) || data.change_high < 0) : bySize).slice(0, MOST_PARTS);
  const most = Math.max(...shown.map((part) => Math.abs(part.total)));
  return html`${sure.length ? nothing : html`<p class="hint">${fallen ? t.noneDrivesFall(page.pick(fallen, "label")) : t.noneDrives}</p>`}
    <ul class="ov-parts">${shown.map((part) => partRow(page, t, part, most))}</ul>${isCalm(page) ? html`<div class="rs">${eventsOf(page, {})}</div>` : nothing}${chanceNote(page, shown.some((part) => !part.significant))}`;
}

/** Where something fell, what pulled down comes before what lifted; the largest first in either. */
export function pulledFirst(parts, hasFallen) {
  if (!hasFallen) return parts;
  return [...parts.filter(({ total }) => total < 0), ...parts.filter(({ total }) => total >= 0)];
}

/** A bar from the middle: to the start of the line what pulled down, to its end what lifted. */
function partRow(page, t, part, most) {
  const share = `${Math.max(2, (Math.abs(part.total) / most) * 50)}%`;
  return html`<li><b>${page.pick(part, "label")}</b>
    <span class="ov-pull" aria-hidden="true"><i class=${part.total < 0 ? "down" : "up"} .style=${`inline-size:${share}`}></i></span>
    ${figure(page, { value: part.total, low: part.total_low, high: part.total_high, href: page.messagesNamed(part.messages), write: page.write.pointsFine, tone: part.significant ? toneOf(part.total) : "" })}
    <span class="hint" dir="auto">${page.pick(part, "sentence")}</span>
    ${reasons(page, { aspect: part.value ?? "" }, { points: part.total, nQuotes: 1, isShort: true })}</li>`;
}
