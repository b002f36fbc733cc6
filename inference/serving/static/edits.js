// Corrections, under the rules of `guillemets validate`. Each returns null, or the key of the
// message that says why it is not done.

import { trimmed } from "./points.js";
import { nextKey, quoteOf, replace, select, selectedQuote, store } from "./store.js";

const overlap = (a, b) => a.start < b.end && b.start < a.end;

// The selected quote with some fields changed: it is a person's now, and has no scores.
function change(fields, options) {
  const quote = selectedQuote();
  if (!quote) return "noQuote";
  const next = { ...quote, ...fields, score: null, scores: null, corrected: true };
  const reason = wrong(next);
  if (reason) return reason;
  const others = store.quotes.filter((other) => other.key !== quote.key);
  replace(inOrder([...others, next]), options);
  return null;
}

function wrong(quote) {
  if (store.quotes.some((other) => other.key !== quote.key && overlap(other, quote))) return "overlaps";
  if (quote.mention && overlap(quote.mention, quote)) return "overMention";
  return null;
}

const inOrder = (quotes) => quotes.sort((a, b) => a.start - b.start || a.end - b.end);

export const setType = (type) => change({ type });

export const setLabel = (label) =>
  change({ label, ...(label === "neutral" ? { target: null } : {}) });

export function setName(name) {
  const value = name.trim();
  if (!value) return change({ name: null, mention: null });
  if (!store.text.includes(value)) return "notInText";
  return change({ name: value });
}

export function setTarget(target) {
  const value = target.trim();
  if (value && !store.text.includes(value)) return "notInText";
  return change({ target: value || null });
}

// A mention names somebody: where nobody is named yet, it is the name.
export function setMention(span) {
  const quote = selectedQuote();
  if (!quote) return "noQuote";
  const mention = span && trimmed(store.text, span.start, span.end);
  if (span && !mention) return "blank";
  const name = quote.name ?? (mention && store.text.slice(mention.start, mention.end));
  return change({ mention, name });
}

export function setCue(span) {
  const cue = span && trimmed(store.text, span.start, span.end);
  return span && !cue ? "blank" : change({ cue });
}

export function setSpan(span, options) {
  const inner = trimmed(store.text, span.start, span.end);
  return inner ? change(inner, options) : "blank";
}

// Moves one edge of the selected quote ("start" or "end") a word to the left (-1) or the right (1).
export function moveEdge(edge, step) {
  const quote = selectedQuote();
  if (!quote) return "noQuote";
  const stops = edge === "start" ? store.edges.starts : store.edges.ends;
  const there = step < 0
    ? stops.findLast((stop) => stop < quote[edge])
    : stops.find((stop) => stop > quote[edge]);
  if (there === undefined) return "noFurther";
  const next = { start: quote.start, end: quote.end, [edge]: there };
  return next.start < next.end ? setSpan(next) : "noFurther";
}

export function add(span) {
  const inner = trimmed(store.text, span.start, span.end);
  if (!inner) return "blank";
  const quote = {
    key: nextKey(), ...inner, type: "direct", name: null, mention: null, cue: null,
    label: "neutral", target: null, scores: null, score: null, corrected: true,
  };
  const reason = wrong(quote);
  if (reason) return reason;
  replace(inOrder([...store.quotes, quote]));
  select(quote.key);
  return null;
}

export function remove(key) {
  if (!quoteOf(key)) return "noQuote";
  replace(store.quotes.filter((quote) => quote.key !== key));
  return null;
}

// What `guillemets validate` would call an error: keys of messages with the quotes they are about.
export function problems() {
  const found = [];
  for (const quote of store.quotes) {
    const reason = wrong(quote);
    if (reason) found.push([reason, quote]);
    if (quote.name !== null && !store.text.includes(quote.name)) found.push(["notInText", quote]);
  }
  return found;
}
