// Help: the keys, and how good the model is.

import * as api from "./api.js";
import { $, el } from "./dom.js";
import { t } from "./phrases.js";
import { complain } from "./status.js";

// Of the figures of a card those that say most, each with its name here.
const FIGURES = {
  "overlap F1": "spans",
  "quote + speaker F1": "speakersToo",
  "stance macro-F1": "sides",
  "end to end F1": "all",
};

export function openHelp() {
  $("help").showModal();
  drawModel();
}

async function drawModel() {
  try {
    const { name, version, figures } = await api.model();
    const sets = [...new Set(figures.map((figure) => figure.data))];
    const row = (set) => el("tr", {}, el("th", { scope: "row" }, set), Object.keys(FIGURES).map((figure) => {
      const found = figures.find((f) => f.data === set && f.figure === figure);
      return el("td", found && { title: `[${found.low}, ${found.high}]` }, found ? found.value.toFixed(3) : "–");
    }));
    $("modelName").textContent = `${name} (guillemets ${version})`;
    $("figures").replaceChildren(
      el("tr", {}, el("td"), Object.values(FIGURES).map((name) => el("th", { scope: "col" }, t(name)))), ...sets.map(row));
    $("figures").hidden = !sets.length;
  } catch (error) {
    complain(error);
  }
}

export function startHelp() {
  $("helpButton").addEventListener("click", openHelp);
  $("helpClose").addEventListener("click", () => $("help").close());
  // A click beside the dialog is one on the dialog itself, not on what it holds.
  $("help").addEventListener("click", (event) => event.target === $("help") && $("help").close());
}
