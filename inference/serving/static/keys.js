// The keyboard. No key is taken while somebody writes, nor with Ctrl, Alt or Meta but to undo.

import { remove, moveEdge, setLabel, setType } from "./edits.js";
import { openHelp } from "./help.js";
import { attempt, step } from "./inspector.js";
import { LABELS, TYPES } from "./phrases.js";
import { actionOfKey, useSelection } from "./selection.js";
import { correct, redo, select, selectedQuote, store, undo } from "./store.js";

const MOVES = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 };
// Lower case makes the quote longer, upper case shorter.
const EDGES = { b: ["start", -1], B: ["start", 1], e: ["end", 1], E: ["end", -1] };

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (!isReading() || isWriting(event.target)) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      (event.shiftKey ? redo : undo)();
    } else if (!event.ctrlKey && !event.altKey && !event.metaKey && press(event)) {
      event.preventDefault();
    }
  });
}

const isReading = () => document.body.dataset.state === "reading" && !document.querySelector("dialog[open]");
const isWriting = (target) => target instanceof Element && target.matches("input:not([type=range]), textarea, select");

// Whether the key means anything.
function press({ key, target }) {
  const onControl = target instanceof Element && target.matches("input[type=range], [role=slider]");
  if (MOVES[key] && !(onControl && key.startsWith("Arrow"))) step(MOVES[key]);
  else if (key === "?") openHelp();
  else if (key === "u") undo();
  else if (key === "U") redo();
  else if (actionOfKey(key)) useSelection(actionOfKey(key));
  else if (key === "Enter" || key === " ") return choose(target);
  else return selectedQuote() !== null && pressOnQuote(key);
  return true;
}

function choose(target) {
  const mark = target instanceof Element ? target.closest("mark[id]") : null;
  if (mark) select(Number(mark.dataset.quote));
  return mark !== null;
}

function pressOnQuote(key) {
  const type = TYPES.find((name) => name[0] === key);
  if (key === "Escape") select(null);
  else if (key === "x") correct(!store.correcting);
  else if (key === "Delete") attempt(remove(store.selected));
  else if ("123".includes(key)) attempt(setLabel(LABELS[key - 1]));
  else if (type) attempt(setType(type));
  else if (EDGES[key]) attempt(moveEdge(...EDGES[key]));
  else return false;
  return true;
}
