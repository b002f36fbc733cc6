// The line from who speaks, by the words that say so, to what is said: a dot at either end.

import { svg } from "./dom.js";
import { boxesOf } from "./marks.js";
import { selectedQuote } from "./store.js";

const DEPTH = 9; // pixels that a line hangs below its words
const REACH = 12; // pixels that it stays within a long line of the quote

// Draws into ``canvas``, an svg that lies over the text.
export function drawLink(canvas) {
  canvas.replaceChildren();
  const quote = selectedQuote();
  if (!quote) return;
  canvas.setAttribute("class", `link ${quote.label}`);
  const origin = canvas.getBoundingClientRect();
  const [said, cue, mention] = [quote, quote.cue, quote.mention].map((span) => span && boxesOf(span));
  const steps = [mention, cue, said].filter((boxes) => boxes?.length);
  const curves = pairs(steps).map(([from, to]) => curve(...nearest(from, to), to === said, origin));
  // A halo parts the line from the letters that it crosses.
  for (const kind of ["halo", "line"]) {
    canvas.append(...curves.map(({ d }) => svg("path", { class: kind, d, pathLength: 1 })));
  }
  const ends = curves.length ? [curves[0].from, curves.at(-1).to] : [];
  canvas.append(...ends.map(([cx, cy]) => svg("circle", { cx, cy, r: 4 })));
}

const pairs = (list) => list.slice(1).map((item, i) => [list[i], item]);

// Of the lines of two spans the two that lie nearest to each other.
function nearest(from, to) {
  let best = null;
  for (const a of from) {
    for (const b of to) {
      const distance = Math.abs(a.top - b.top) * 4 + Math.max(0, a.left - b.right, b.left - a.right);
      if (!best || distance < best.distance) best = { distance, a, b };
    }
  }
  return [best.a, best.b];
}

function curve(a, b, long, origin) {
  const middle = (box) => (box.left + box.right) / 2;
  const x1 = middle(a) - origin.left;
  const within = Math.min(Math.max(middle(a), b.left + REACH), Math.max(b.right - REACH, b.left + REACH));
  const x2 = (long ? within : middle(b)) - origin.left;
  if (Math.abs(a.top - b.top) < (a.bottom - a.top) / 2) {
    const y = Math.max(a.bottom, b.bottom) - origin.top;
    return path([x1, y], [x1, y + DEPTH], [x2, y + DEPTH], [x2, y]);
  }
  const down = a.top < b.top;
  const y1 = (down ? a.bottom : a.top) - origin.top;
  const y2 = (down ? b.top : b.bottom) - origin.top;
  const bend = Math.max(DEPTH, Math.abs(y2 - y1) / 2) * (down ? 1 : -1);
  return path([x1, y1], [x1, y1 + bend], [x2, y2 - bend], [x2, y2]);
}

const path = (from, towards, before, to) => ({ d: `M${from} C${towards} ${before} ${to}`, from, to });
