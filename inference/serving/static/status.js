// One line at the foot of the page, for what has just been done or could not be.

import { Refused } from "./api.js";
import { $, el } from "./dom.js";
import { Unreadable } from "./files.js";
import { t } from "./phrases.js";

const SECONDS = 6;
let timer;

// ``action``: { label, run } of a button beside it; such a line stays until the next one.
export function tell(message, kind = "news", action = null) {
  clearTimeout(timer);
  const line = $("status");
  line.className = kind;
  line.replaceChildren(message, action
    ? el("button.quiet", { type: "button", on: { click: action.run } }, action.label) : "");
  if (!action) timer = setTimeout(silence, SECONDS * 1000);
}

export function silence() {
  clearTimeout(timer);
  $("status").replaceChildren();
}

// The reason follows in the server's words, which are English.
const refusal = (status) =>
  ({ 413: "refusedSize", 422: "refusedText", 503: "refusedBusy" })[status] ?? "refusedOther";

// Tells an error that is nobody's bug; throws any other on.
export function complain(error) {
  if (error.name === "AbortError") silence();
  else if (error instanceof Unreadable) tell(t(error.message), "problem");
  else if (error instanceof Refused) tell(`${t(refusal(error.status))}${t("colon")}${error.message}`, "problem");
  else if (error instanceof TypeError) tell(t("offline"), "problem");
  else throw error;
}
