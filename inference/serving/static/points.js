// Offsets. The schema counts code points, JavaScript UTF-16 units: a character beyond the basic
// plane, an emoji say, is one of the former and two of the latter.

export class Points {
  #pairs; // where, in units, the second half of each surrogate pair stands

  constructor(text) {
    this.#pairs = Array.from(text.matchAll(/[\u{10000}-\u{10FFFF}]/gu), (match) => match.index + 1);
  }

  toPoint(unit) {
    return unit - this.#before((pair) => pair < unit);
  }

  toUnit(point) {
    return point + this.#before((pair, i) => pair - i <= point);
  }

  // How many of the pairs, from the first on, are so.
  #before(so) {
    let low = 0;
    let high = this.#pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (so(this.#pairs[middle], middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// What a boundary moves over: a word or a mark.
const TOKEN = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;

// The edges of words, in units and in order: where they start, or where they end.
export function edgesOf(text) {
  const starts = [];
  const ends = [];
  for (const { index, 0: token } of text.matchAll(TOKEN)) {
    starts.push(index);
    ends.push(index + token.length);
  }
  return { starts, ends };
}

// The span without white space at its edges; null if nothing is left.
export function trimmed(text, start, end) {
  const part = text.slice(start, end);
  const inner = part.trim();
  if (!inner) return null;
  const from = start + part.indexOf(inner);
  return { start: from, end: from + inner.length };
}
