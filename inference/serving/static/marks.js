// The text with its marks. Spans may overlap in any way, so the text is cut into pieces that each
// bear all their marks themselves; joined, the pieces are the text again.

import { el } from "./dom.js";
import { describe, note } from "./phrases.js";
import { store } from "./store.js";

const NEWLINE = "(?:\\r\\n|\\r(?!\\n)|\\n)";
const BLANK_LINES = new RegExp(`${NEWLINE}(?:[^\\S\\r\\n]*${NEWLINE})+`, "g");

let pieces = []; // { node, start, end } of each text node, in order

// Fills ``sheet``; quotes that ``shown`` does not take are plain text.
export function draw(sheet, shown) {
  pieces = [];
  const spans = spansOf(store.quotes.filter(shown));
  sheet.replaceChildren(...blocks(store.text).map((block) => drawBlock(block, spans)));
}

function spansOf(quotes) {
  const spans = quotes.flatMap((quote) => [
    { kind: "quote", quote, start: quote.start, end: quote.end },
    ...(quote.mention ? [{ kind: "mention", quote, ...quote.mention }] : []),
    ...(quote.cue ? [{ kind: "cue", quote, ...quote.cue }] : []),
  ]);
  const inside = (span) => (span.kind === "quote" ? 0 : 1); // a quote's mark holds the others
  return spans.sort((a, b) => inside(a) - inside(b) || a.start - b.start || b.end - a.end);
}

function blocks(text) {
  const found = [];
  let start = 0;
  const gaps = Array.from(text.matchAll(BLANK_LINES), (m) => [m.index, m.index + m[0].length]);
  for (const [gap, end] of [...gaps, [text.length, text.length]]) {
    if (start < gap) {
      const headline = start === 0 && gaps.length > 0 && isHeadline(text.slice(0, gap));
      found.push({ kind: headline ? "headline" : "paragraph", start, end: gap });
    }
    if (gap < end) found.push({ kind: "gap", start: gap, end });
    start = end;
  }
  return found;
}

const isHeadline = (paragraph) => paragraph.length <= 160 && !/[.,»…]$/.test(paragraph.trimEnd());

function drawBlock({ kind, start, end }, spans) {
  if (kind === "gap") return piece(start, end);
  const within = spans.filter((span) => span.start < end && span.end > start);
  const edges = new Set(within.flatMap((span) => [span.start, span.end]));
  const inner = [...edges].filter((edge) => start < edge && edge < end).sort((a, b) => a - b);
  const cuts = [start, ...inner, end];
  const nodes = cuts.slice(1).map((right, i) => {
    const covering = within.filter((span) => span.start < right && span.end > cuts[i]);
    return covering.reduceRight(
      (node, span) => mark(span, cuts[i], right, node),
      piece(cuts[i], right),
    );
  });
  return el(kind === "headline" ? "p.headline" : "p", {}, nodes);
}

function piece(start, end) {
  const node = document.createTextNode(store.text.slice(start, end));
  pieces.push({ node, start, end });
  return node;
}

function mark(span, start, end, child) {
  const { quote, kind } = span;
  if (kind !== "quote") return el(`span.${kind}`, { "data-quote": quote.key }, child);
  const first = span.start === start;
  return el(`mark.quote.${quote.label}`, {
    "data-quote": quote.key,
    "data-note": span.end === end ? note(quote) : null,
    ...(first && {
      id: `quote-${quote.key}`,
      tabindex: "0",
      role: "button",
      "aria-description": describe(quote),
    }),
  }, child);
}

// ---------------------------------------------------------------- offsets and nodes

// The offset of a place in the sheet, as a selection or a caret tells it; null outside the text.
export function offsetAt(node, offset) {
  if (node.nodeType !== Node.TEXT_NODE) {
    const next = node.childNodes[offset];
    if (next) return pieces.find(({ node: text }) => next.contains(text))?.start ?? null;
    return pieces.findLast(({ node: text }) => node.contains(text))?.end ?? null;
  }
  const found = pieces.find(({ node: text }) => text === node);
  return found ? found.start + Math.min(offset, found.end - found.start) : null;
}

// The boxes of a span's lines, as the browser has drawn them.
export function boxesOf({ start, end }) {
  const range = document.createRange();
  const boxes = [];
  for (const { node, start: from, end: to } of pieces) {
    if (from >= end || to <= start) continue;
    range.setStart(node, Math.max(start - from, 0));
    range.setEnd(node, Math.min(end, to) - from);
    boxes.push(...range.getClientRects());
  }
  return joined(boxes.filter((box) => box.width > 0));
}

// Boxes of pieces that stand side by side on one line are one.
function joined(boxes) {
  const lines = [];
  for (const box of boxes) {
    const last = lines.at(-1);
    if (last && Math.abs(last.top - box.top) < box.height / 2) {
      last.left = Math.min(last.left, box.left);
      last.right = Math.max(last.right, box.right);
    } else {
      lines.push({ left: box.left, right: box.right, top: box.top, bottom: box.bottom });
    }
  }
  return lines;
}
