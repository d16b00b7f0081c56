/** What to do where there is no brand to compare with: brands come from the sources. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { netFigure, sentimentBar } from "../../core/parts.js";

/** Return that no message names a brand, and how to name one. */
export function noBrand(page, t) {
  return html`<section class="panel br-teach" id="no-brand"><h2>${t.noneTitle}</h2><p>${t.noneWhy}</p>${steps(page, t, t.ours)}</section>`;
}

/** Return what is known of the only brand, and how a competitor comes beside it. */
export function loneBrand(page, t, data) {
  const [one] = data.brands;
  const others = (page.options.brands ?? []).filter((brand) => brand !== one.brand);
  return html`<div class="halves"><section class="panel" id="lone-brand"><h2><bdi>${one.brand}</bdi></h2>
      <p class="big">${netFigure(page, one, page.messages({ brand: one.brand }))}</p>
      ${sentimentBar(page, one, (sentiment) => page.messages({ brand: one.brand, sentiment }))}
      <p class="hint">${t.alone}</p><p><a class="button" href=${page.address("drivers")}>${t.toDrivers}</a></p></section>
    ${others.length ? choose(page, t, one, others) : html`<section class="panel br-teach" id="no-competitor"><h2>${t.loneTitle}</h2><p>${t.loneWhy}</p>${steps(page, t, one.brand)}</section>`}</div>`;
}

function choose(page, t, one, others) {
  return html`<section class="panel br-teach"><h2>${t.chooseTitle}</h2>
    <ul class="br-words">${others.map((brand) => html`<li><a href=${page.here({ brand: [one.brand, brand] })}><bdi>${brand}</bdi></a></li>`)}</ul></section>`;
}

/** Files and commands are for those who run the service; a manager only has to ask them. */
function steps(page, t, ours) {
  return html`<details class="technical"><summary>${page.t.forEngineers}</summary><ol><li>${t.stepSource}<pre dir="ltr" tabindex="0">${`[sources.our_reviews]
connector = "cafe_bazaar"
packages = ["com.example.shop"]
constants = { brand = "${ours}" }

[sources.their_reviews]
connector = "cafe_bazaar"
packages = ["com.example.other"]
constants = { brand = "${t.theirs}" }`}</pre></li>
    <li>${t.stepColumn}<pre dir="ltr" tabindex="0">${`[sources.survey.fields]
brand = "brand"`}</pre></li>
    <li>${t.stepRun}<pre dir="ltr" tabindex="0">${`bazkhord sources check
bazkhord run`}</pre></li></ol></details>`;
}
