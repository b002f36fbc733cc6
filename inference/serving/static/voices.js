// The panel: how the sides stand, and who says what.

import { $, el } from "./dom.js";
import { onlySpeaker, shownQuotes, toggleSpeaker } from "./filters.js";
import { LABELS, SIGNS, percent, t } from "./phrases.js";
import { select, store, words } from "./store.js";

const EXCERPT = 110;

export function drawVoices() {
  const quotes = shownQuotes();
  const voices = voicesOf(quotes);
  const named = voices.filter(({ name }) => name !== null).length;
  const all = store.quotes.length;
  const n = quotes.length;
  const count = n === all ? t("quotes", { n }) : t("shownOf", { n, all });
  $("totals").textContent = `${count} · ${t("speakers", { n: named })}`;
  $("balance").replaceChildren(...balance(quotes));
  $("voices").replaceChildren(...voices.map(drawVoice));
  $("nothing").hidden = quotes.length > 0;
  $("nothing").textContent = t(all ? "nothing" : "none");
  showOn();
}

// Who is quoted most comes first, and the unnamed last.
function voicesOf(quotes) {
  const said = new Map();
  for (const quote of quotes) said.set(quote.name, [...(said.get(quote.name) ?? []), quote]);
  return [...said]
    .map(([name, list]) => ({ name, list }))
    .sort((a, b) => (a.name === null) - (b.name === null) || b.list.length - a.list.length);
}

const countOf = (quotes, label) => quotes.filter((quote) => quote.label === label).length;

// A bar of the three sides, each as wide as its share, with sign and number. Neutral in the middle.
function balance(quotes, numbers = true) {
  return ["support", "neutral", "condemn"].filter((label) => countOf(quotes, label)).map((label) => {
    const n = countOf(quotes, label);
    const part = el(`span.part.${label}`, { title: `${t(label)}${t("colon")}${n}` });
    part.style.flexGrow = n;
    if (numbers) part.append(el("span", {}, `${SIGNS[label]} ${n}`));
    return part;
  });
}

function drawVoice({ name, list }) {
  const on = onlySpeaker() === name;
  const counts = LABELS.filter((label) => countOf(list, label)).map((label) =>
    el(`span.${label}`, { title: t(label) }, SIGNS[label],
      el("span.hidden", {}, ` ${t(label)}${t("colon")}`), ` ${countOf(list, label)}`));
  return el("section.voice", {},
    el("h3", {},
      el("button.who", {
        type: "button", "aria-pressed": String(on), title: t(on ? "reset" : "only"),
        on: { click: () => toggleSpeaker(name) },
      }, el("bdi", {}, name ?? t("unknown"))),
      el("span.counts", {}, counts)),
    el("div.balance.thin", { "aria-hidden": "true" }, balance(list, false)),
    el("ul", {}, list.map(drawQuote)));
}

function drawQuote(quote) {
  return el(`li.${quote.label}`, { "data-quote": quote.key },
    el("button.said", { type: "button", on: { click: () => select(quote.key) } },
      el("span.line", {},
        el(`span.badge.${quote.label}`, {}, t(quote.label)),
        quote.target && el("bdi.target", {}, excerpt(quote.target, 60)),
        el("span.score", {}, quote.corrected ? "✓" : quote.score === null ? "" : percent(quote.score))),
      el("q", {}, el("bdi", {}, excerpt(words(quote), EXCERPT)))));
}

export function excerpt(text, length) {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= length) return line;
  return `${line.slice(0, length).replace(/[\uD800-\uDBFF]$|\s+\S*$/, "")} […]`;
}

// Marks the selected quote in the list, and scrolls the list to it.
export function showOn() {
  for (const item of $("voices").querySelectorAll("li")) {
    const on = Number(item.dataset.quote) === store.selected;
    item.classList.toggle("on", on);
    if (on) reveal(item);
  }
}

// Scrolls the panel, where it has a scroll bar of its own, and never the page.
function reveal(item) {
  const panel = $("panel");
  if (panel.scrollHeight <= panel.clientHeight) return;
  const box = item.getBoundingClientRect();
  const frame = panel.getBoundingClientRect();
  if (box.top < frame.top + 40 || box.bottom > frame.bottom) {
    panel.scrollTop += box.top - frame.top - panel.clientHeight / 3;
  }
}
