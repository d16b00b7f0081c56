/** Which two brands stand side by side: a filter of the address like any other. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { valuesOf } from "../../core/address.js";

/** Return the choice of two brands, at first the two most spoken of; one that is chosen alone is set beside the most spoken of. */
export function pairPicker(page, t, data) {
  const chosen = valuesOf(page.query, "brand");
  const known = page.options.brands;
  const largest = (data?.brands ?? []).slice(0, 2).map((one) => one.brand);
  const shown = chosen.length ? chosen : largest;
  const choose = (place) => (event) => {
    const pair = [shown[0], shown[1]];
    pair[place] = event.target.value;
    const other = 1 - place;
    if (!pair[other] || pair[other] === pair[place]) pair[other] = partnerOf(pair[place], data, known);
    page.actions.go(page.here({ brand: event.target.value ? pair : null }));
  };
  const select = (place, label) => html`<label><i class="br-key br-${place}"></i><span class="visually-hidden">${label}</span>
    <select @change=${choose(place)} .value=${shown[place] ?? ""}>
      <option value="" ?selected=${!shown[place]}>${t.choose}</option>
      ${known.map((brand) => html`<option value=${brand} ?selected=${shown[place] === brand}>${brand}</option>`)}</select></label>`;
  return html`<div class="br-pair"><span class="hint">${t.sideBySide}</span>${select(0, t.firstBrand)}<span class="hint">${t.beside}</span>${select(1, t.secondBrand)}
    ${!chosen.length && data?.brands.length > 2 ? html`<a class="button primary br-compare" href=${page.here({ brand: largest })}>${t.compareThese}</a>` : nothing}
    ${chosen.length ? html`<a class="button" href=${page.here({ brand: null })}>${t.allBrands}</a>` : nothing}</div>`;
}

function partnerOf(brand, data, known) {
  const spoken = data?.brands.map((one) => one.brand) ?? [];
  return [...spoken, ...known].find((one) => one !== brand);
}

/** Return brands in the order in which they were chosen; those that were not stay in that of the service. */
export function inOrder(page, brands) {
  const chosen = valuesOf(page.query, "brand");
  const place = ({ brand }) => (chosen.includes(brand) ? chosen.indexOf(brand) : chosen.length);
  return [...brands].sort((one, other) => place(one) - place(other));
}

/** Return a sentence in which names of brands keep their own direction: a Latin name does not turn a Persian sentence. */
export function isolated(sentence, brands) {
  const names = brands.map(({ brand }) => brand).sort((one, other) => other.length - one.length);
  const escaped = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return sentence.split(new RegExp(`(${escaped.join("|")})`)).map((piece, at) => (at % 2 ? html`<bdi>${piece}</bdi>` : piece));
}
