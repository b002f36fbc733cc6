// The two ends of the selected quote, to drag or to move with the arrow keys while correcting.

import { $, el } from "./dom.js";
import { moveEdge, setSpan } from "./edits.js";
import { attempt } from "./inspector.js";
import { boxesOf, offsetAt } from "./marks.js";
import { t } from "./phrases.js";
import { selectedQuote, store, words } from "./store.js";

const EDGES = ["start", "end"];

export function startHandles() {
  $("handles").replaceChildren(...EDGES.map((edge) => el(`button.handle.at-${edge}`, {
    type: "button", id: `handle-${edge}`, role: "slider",
    on: {
      keydown: (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        attempt(moveEdge(edge, by));
      },
      pointerdown: (event) => drag(event, edge),
    },
  })));
}

export function drawHandles() {
  const quote = selectedQuote();
  const boxes = quote && store.correcting ? boxesOf(quote) : [];
  const frame = $("text").getBoundingClientRect();
  for (const edge of EDGES) {
    const handle = $(`handle-${edge}`);
    handle.hidden = !boxes.length;
    if (!boxes.length) continue;
    const box = edge === "start" ? boxes[0] : boxes.at(-1);
    handle.className = `handle at-${edge} ${quote.label}`;
    handle.style.left = `${(edge === "start" ? box.left : box.right) - frame.left}px`;
    handle.style.top = `${box.top - frame.top}px`;
    handle.style.height = `${box.bottom - box.top}px`;
    handle.setAttribute("aria-label", t(`${edge}Of`));
    handle.setAttribute("aria-valuenow", quote[edge]);
    handle.setAttribute("aria-valuemin", 0);
    handle.setAttribute("aria-valuemax", store.text.length);
    const text = words(quote);
    handle.setAttribute("aria-valuetext", edge === "start" ? text.slice(0, 30) : text.slice(-30));
  }
}

function drag(event, edge) {
  event.preventDefault();
  const handle = event.currentTarget;
  handle.setPointerCapture(event.pointerId);
  let moved = false;
  const move = ({ clientX, clientY }) => {
    const quote = selectedQuote();
    const there = placeAt(clientX, clientY);
    if (!quote || there === null) return;
    const next = { start: quote.start, end: quote.end, [edge]: snapped(edge, there) };
    if (next[edge] === quote[edge] || next.start >= next.end) return;
    if (!setSpan(next, { goesOn: moved })) moved = true;
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), { once: true });
}

// The offset under the pointer, which may lie a little off the line.
function placeAt(x, y) {
  document.documentElement.classList.add("dragging"); // handles let the pointer through
  try {
    if (document.caretPositionFromPoint) {
      const caret = document.caretPositionFromPoint(x, y);
      return caret && offsetAt(caret.offsetNode, caret.offset);
    }
    const range = document.caretRangeFromPoint(x, y);
    return range && offsetAt(range.startContainer, range.startOffset);
  } finally {
    document.documentElement.classList.remove("dragging");
  }
}

// The nearest edge of a word.
function snapped(edge, offset) {
  const stops = edge === "start" ? store.edges.starts : store.edges.ends;
  const after = stops.find((stop) => stop >= offset) ?? stops.at(-1);
  const before = stops.findLast((stop) => stop <= offset) ?? stops[0];
  return after - offset < offset - before ? after : before;
}
