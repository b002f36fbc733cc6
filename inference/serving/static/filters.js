// Which quotes are shown: by stance, type, score and speaker.

import { $, el } from "./dom.js";
import { LABELS, TYPES, percent, t } from "./phrases.js";
import { changed, store } from "./store.js";

const hidden = new Set(); // labels and types that are switched off
let least = 0;
let only; // a speaker's name, null for the unnamed; undefined for everybody

// A quote that a person has set has no score, and counts as certain.
export const shown = (quote) =>
  !hidden.has(quote.label) &&
  !hidden.has(quote.type) &&
  (quote.score ?? 1) >= least &&
  (only === undefined || quote.name === only);

export const shownQuotes = () => store.quotes.filter(shown);
export const onlySpeaker = () => only;

export function toggleSpeaker(name) {
  only = only === name ? undefined : name;
  changed("filter");
}

export function resetFilters() {
  hidden.clear();
  least = 0;
  only = undefined;
  $("least").value = 0;
  changed("filter");
}

function toggle(value) {
  if (!hidden.delete(value)) hidden.add(value);
  changed("filter");
}

export function startFilters() {
  const chips = [...LABELS, ...TYPES].map((value) =>
    el(`button.chip.${value}`, { type: "button", id: `filter-${value}`, on: { click: () => toggle(value) } }));
  $("labels").replaceChildren(...chips.slice(0, LABELS.length));
  $("types").replaceChildren(...chips.slice(LABELS.length));
  $("least").addEventListener("input", () => {
    least = $("least").value / 100;
    changed("filter");
  });
  $("reset").addEventListener("click", resetFilters);
}

// Names and counts of the chips: how many quotes of the whole text there are of each.
export function drawFilters() {
  for (const value of [...LABELS, ...TYPES]) {
    const count = store.quotes.filter((q) => q.label === value || q.type === value).length;
    const chip = $(`filter-${value}`);
    chip.setAttribute("aria-pressed", String(!hidden.has(value)));
    chip.replaceChildren(t(value), el("span.count", {}, ` ${count}`));
  }
  // A quote is lost once its last name is: then everybody is shown again.
  if (only !== undefined && !store.quotes.some((quote) => quote.name === only)) only = undefined;
  $("leastShown").textContent = percent(least);
  $("reset").hidden = hidden.size === 0 && least === 0 && only === undefined;
}
