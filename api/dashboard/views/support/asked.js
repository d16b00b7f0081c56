/** What support is asked: the questions and requests of its channels by stage, each one click from what they are about. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { valuesOf } from "../../core/address.js";
import { ASKS, SUPPORT_CHANNELS, askedAt } from "../../core/asks.js";
import { panel } from "../../core/parts.js";

/** Return the panel. Channels that were filtered for stay. */
export function askedPanel(page, t) {
  const filtered = valuesOf(page.query, "channel");
  const channel = filtered.length ? filtered : SUPPORT_CHANNELS;
  return panel(page, {
    title: t.asked, hint: t.askedHint(channel.map((one) => page.name("channel", one)).join(t.and)), wide: true, id: "asked",
    answer: page.ask("breakdown", { by: "stage", intent: ASKS, channel, estimate: null }),
    draw: (data) => html`<ul class="support-asked">${stage(page, t, { name: t.everyStage, n: data.n, href: askedAt(page, null, { channel }) })}
      ${alongTheWay(page, data.groups).map(({ values, n }) => stage(page, t, { name: page.name("stage", values.stage), n, href: askedAt(page, values.stage, { channel }) }))}</ul>`,
  });
}

/** In the order of the journey; what names no stage is among them, so that they add up. */
function alongTheWay(page, groups) {
  const place = ({ values }) => page.options.names.stage.findIndex(({ id }) => id === values.stage);
  return [...groups].filter(({ n }) => n > 0).sort((one, other) => place(one) - place(other));
}

function stage(page, t, { name, n, href }) {
  return html`<li><a href=${href} title=${t.askedAt(name, page.write.count(n))}>${name} <b>${page.write.count(n)}</b></a></li>`;
}
