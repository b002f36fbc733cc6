// Words selected in the text, and what can be made of them.

import { $, el } from "./dom.js";
import * as edits from "./edits.js";
import { attempt } from "./inspector.js";
import { boxesOf, offsetAt } from "./marks.js";
import { t } from "./phrases.js";
import { correct, selectedQuote, store } from "./store.js";

// The selected words as a span, whole words where the selection cuts them; null if there are none.
export function selectedSpan() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!$("sheet").contains(range.commonAncestorContainer)) return null;
  const start = offsetAt(range.startContainer, range.startOffset);
  const end = offsetAt(range.endContainer, range.endOffset);
  if (start === null || end === null || start >= end) return null;
  return wholeWords(start, end);
}

function wholeWords(start, end) {
  const { starts, ends } = store.edges;
  const first = ends.findIndex((edge) => edge > start);
  const last = starts.findLastIndex((edge) => edge < end);
  if (first < 0 || last < first) return null;
  return { start: starts[first], end: ends[last] };
}

const ACTIONS = {
  addQuote: { key: "a", run: edits.add },
  asMention: { key: "w", run: edits.setMention, needsQuote: true },
  asCue: { key: "c", run: edits.setCue, needsQuote: true },
  asSpan: { key: "r", run: edits.setSpan, needsQuote: true },
};

export function useSelection(name) {
  const span = selectedSpan();
  const reason = span ? ACTIONS[name].run(span) : "selectFirst";
  if (!reason) {
    getSelection().removeAllRanges();
    correct(true);
  }
  attempt(reason);
}

export const actionOfKey = (key) =>
  Object.keys(ACTIONS).find((name) => ACTIONS[name].key === key) ?? null;

export function startSelection() {
  document.addEventListener("selectionchange", offer);
}

// Shows what can be done, below the selection: above it phones have a menu of their own.
function offer() {
  const tools = $("tools");
  const span = selectedSpan();
  tools.hidden = !span;
  if (!span) return;
  const possible = Object.entries(ACTIONS).filter(([, { needsQuote }]) => !needsQuote || selectedQuote());
  tools.replaceChildren(...possible.map(([name, { key }]) => el("button", {
    type: "button", id: `do-${name}`,
    on: { click: () => useSelection(name), pointerdown: (event) => event.preventDefault() },
  }, t(name), el("kbd", {}, key))));
  const frame = $("text").getBoundingClientRect();
  const last = boxesOf(span).at(-1);
  if (!last) return;
  const left = Math.min(last.left - frame.left, frame.width - tools.offsetWidth - 8);
  tools.style.left = `${Math.max(8, left)}px`;
  tools.style.top = `${last.bottom - frame.top + 8}px`;
}
