// The selected quote: its facts and, to correct it, a form.

import { $, el } from "./dom.js";
import * as edits from "./edits.js";
import { shownQuotes } from "./filters.js";
import { LABELS, SIGNS, TYPES, percent, t } from "./phrases.js";
import { selectedSpan } from "./selection.js";
import { tell } from "./status.js";
import { correct, redo, select, selectedQuote, store, undo, words } from "./store.js";

export function drawInspector() {
  const quote = selectedQuote();
  const box = $("inspector");
  box.hidden = !quote;
  document.documentElement.classList.toggle("reading", Boolean(quote));
  if (!quote) return;
  const kept = box.contains(document.activeElement) ? document.activeElement.id : null;
  box.className = quote.label;
  box.replaceChildren(heading(quote), ...(store.correcting ? form(quote) : facts(quote)));
  if (kept) (document.getElementById(kept) ?? box).focus();
}

// Goes ``step`` quotes on among those shown; from none, to the first or the last.
export function step(by) {
  const quotes = shownQuotes();
  const here = quotes.findIndex((quote) => quote.key === store.selected);
  const next = here < 0 ? (by > 0 ? 0 : quotes.length - 1) : here + by;
  if (quotes[next]) select(quotes[next].key);
}

function button(id, label, run, attributes = {}, ...content) {
  return el("button", {
    type: "button", id, title: label, "aria-label": label, on: { click: run }, ...attributes,
  }, ...content);
}

function heading(quote) {
  const quotes = shownQuotes();
  const place = quotes.indexOf(quote);
  return el("header", {},
    el("p.who", {}, el("bdi", {}, quote.name ?? t("unknown"))),
    el("p.steps", {},
      button("previous", `${t("previous")} (k)`, () => step(-1), { disabled: place <= 0 }, "‹"),
      el("span", {}, `${place + 1}/${quotes.length}`),
      button("next", `${t("next")} (j)`, () => step(1), { disabled: place + 1 >= quotes.length }, "›"),
      button("close", `${t("close")} (Esc)`, () => select(null), {}, "×")));
}

// ---------------------------------------------------------------- facts

function facts(quote) {
  const row = (name, ...value) => el("div", {}, el("dt", {}, t(name)), el("dd", {}, ...value));
  return [
    el("p.side", {}, el(`span.badge.${quote.label}`, {}, t(quote.label)),
      quote.target && el("bdi.target", {}, quote.target)),
    el("dl", {},
      quote.mention && row("mention", el("bdi.mention.on", {}, words(quote.mention))),
      quote.cue && row("cue", el("bdi.cue.on", {}, words(quote.cue))),
      row("types", t(quote.type)),
      quote.corrected ? row("score", t("corrected")) : quote.score !== null && row("score", percent(quote.score)),
      quote.scores && row("stances", el("span.scores", {}, LABELS.map((label) =>
        el(`span.${label}`, { title: t(label) }, `${SIGNS[label]} ${percent(quote.scores[label])}`))))),
    el("p.actions", {}, el("button.quiet", {
      type: "button", id: "correct", on: { click: () => correct(true) },
    }, t("correct"), el("kbd", {}, "x"))),
  ];
}

// ---------------------------------------------------------------- the form

// Tells why a correction is not done, if it is not.
export function attempt(reason) {
  if (reason) tell(t(reason), "problem");
}

function form(quote) {
  return [
    choice("stances", "label", LABELS, quote.label, edits.setLabel, (i) => i + 1),
    choice("types", "type", TYPES, quote.type, edits.setType, (i) => TYPES[i][0]),
    input("speaker", "name", quote.name, edits.setName, "names"),
    names(),
    span("mention", quote.mention, edits.setMention),
    span("cue", quote.cue, edits.setCue),
    quote.label !== "neutral" && input("target", "aim", quote.target, edits.setTarget),
    bounds(),
    el("p.actions", {},
      button("undo", t("undo"), undo, { class: "quiet", disabled: !store.past.length }, "↶"),
      button("redo", t("redo"), redo, { class: "quiet", disabled: !store.future.length }, "↷"),
      el("button.quiet.danger", {
        type: "button", id: "delete", on: { click: () => attempt(edits.remove(quote.key)) },
      }, t("deleteQuote")),
      el("button.quiet", { type: "button", id: "done", on: { click: () => correct(false) } },
        t("done"), el("kbd", {}, "x"))),
  ].filter(Boolean);
}

// Buttons of which one is on.
function choice(title, name, values, now, set, keyOf) {
  return el("div.field", { role: "radiogroup", "aria-label": t(title) },
    el("span.name", {}, t(title)),
    el("span.choice", {}, values.map((value, i) => el(`button.${value}`, {
      type: "button", id: `${name}-${value}`, role: "radio", "aria-checked": String(value === now),
      on: { click: () => attempt(set(value)) },
    }, t(value), el("kbd", {}, String(keyOf(i)))))));
}

function input(title, name, value, set, list) {
  const field = el("input", {
    id: `field-${name}`, list, autocomplete: "off", spellcheck: "false", value: value ?? "",
    placeholder: t("inText"),
    on: {
      change: () => {
        const reason = set(field.value);
        field.setAttribute("aria-invalid", String(Boolean(reason)));
        attempt(reason);
      },
    },
  });
  return el("label.field", {}, el("span.name", {}, t(title)), field);
}

// Whom the text has named so far, to choose from.
function names() {
  const known = new Set(store.quotes.map((quote) => quote.name).filter(Boolean));
  return el("datalist", { id: "names" }, [...known].map((name) => el("option", { value: name })));
}

function span(name, value, set) {
  const take = () => {
    const selection = selectedSpan();
    attempt(selection ? set(selection) : "selectFirst");
  };
  return el("div.field", {},
    el("span.name", {}, t(name)),
    el("span.span", {},
      value ? el(`bdi.${name}.on`, {}, words(value)) : "–",
      value && button(`clear-${name}`, t("remove"), () => attempt(set(null)), { class: "quiet" }, "×"),
      el("button.quiet", {
        type: "button", id: `take-${name}`, title: t("fromSelection"),
        // A press would move the focus, and with it the selection that is to be taken.
        on: { click: take, pointerdown: (event) => event.preventDefault() },
      }, t("selection"))));
}

function bounds() {
  const move = (edge, by, label, sign) => button(
    `${edge}${by}`, `${t(`${edge}Of`)}${t("colon")}${t(label)}`,
    () => attempt(edits.moveEdge(edge, by)), { class: "quiet" }, sign);
  return el("div.field", {},
    el("span.name", {}, t("bounds")),
    el("span.span", {},
      t("start"), move("start", -1, "wider", "◂"), move("start", 1, "narrower", "▸"),
      t("end"), move("end", -1, "narrower", "◂"), move("end", 1, "wider", "▸")));
}
