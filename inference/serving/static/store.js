// The document on the page, what is selected, and every state that it can be taken back to.
// Offsets are UTF-16 units here; code points come in and go out at the doors below.

import { Points, edgesOf } from "./points.js";

let keys = 0;

export const store = {
  id: "",
  text: "",
  edges: { starts: [], ends: [] },
  quotes: [], // in text order; never changed in place
  selected: null, // the key of a quote
  correcting: false,
  past: [],
  future: [],
  saved: null, // the quotes as they were when they were last downloaded
};
store.saved = store.quotes;

const listeners = [];

// Calls ``listener(what)`` after each change of "text", "quotes", "selected" or "filter".
export function onChange(listener) {
  listeners.push(listener);
}

export function changed(what) {
  for (const listener of listeners) listener(what);
}

// ---------------------------------------------------------------- in and out

export function open(tagged) {
  const points = new Points(tagged.text);
  const span = (s) => s && { start: points.toUnit(s.start), end: points.toUnit(s.end) };
  store.id = tagged.id;
  store.text = tagged.text;
  store.edges = edgesOf(tagged.text);
  store.quotes = tagged.quotes.map((q) => ({
    key: ++keys,
    ...span(q),
    type: q.type,
    name: q.speaker?.name ?? null,
    mention: span(q.speaker?.mention) ?? null,
    cue: span(q.cue) ?? null,
    label: q.stance.label,
    target: q.stance.target ?? null,
    scores: q.stance.scores ?? null,
    score: q.score ?? null,
  }));
  Object.assign(store, { selected: null, past: [], future: [], saved: store.quotes });
  changed("text");
}

// The document in the project's schema. Gold has no scores; a corrected quote has none either.
export function toDocument(quotes = store.quotes, gold = false) {
  const points = new Points(store.text);
  const span = (s) =>
    s && { start: points.toPoint(s.start), end: points.toPoint(s.end), text: words(s) };
  return {
    id: store.id,
    text: store.text,
    quotes: quotes.map((q) => ({
      ...span(q),
      type: q.type,
      speaker: q.name === null ? null : { name: q.name, mention: span(q.mention) },
      cue: span(q.cue),
      stance: { label: q.label, target: q.target, ...(q.scores && !gold ? { scores: q.scores } : {}) },
      ...(q.score !== null && !gold ? { score: q.score } : {}),
    })),
  };
}

// ---------------------------------------------------------------- reading

export const words = (span) => store.text.slice(span.start, span.end);
export const quoteOf = (key) => store.quotes.find((quote) => quote.key === key) ?? null;
export const selectedQuote = () => quoteOf(store.selected);
export const isDirty = () => store.quotes !== store.saved;
export const nextKey = () => ++keys;

// ---------------------------------------------------------------- changing

export function select(key) {
  if (key === store.selected) return;
  store.selected = key;
  changed("selected");
}

export function correct(on) {
  store.correcting = on;
  changed("selected");
}

// Puts other quotes in the place of those of now, which ``undo`` brings back. A change that goes on
// with the last one (a handle that is dragged) is one step with it.
export function replace(quotes, { goesOn = false } = {}) {
  if (!goesOn) store.past.push(store.quotes);
  store.future = [];
  put(quotes);
}

export function undo() {
  if (!store.past.length) return;
  store.future.push(store.quotes);
  put(store.past.pop());
}

export function redo() {
  if (!store.future.length) return;
  store.past.push(store.quotes);
  put(store.future.pop());
}

function put(quotes) {
  store.quotes = quotes;
  if (!quoteOf(store.selected)) store.selected = null;
  changed("quotes");
}
