// The page: a text comes in, is tagged, read, corrected and taken away.

import * as api from "./api.js";
import { $ } from "./dom.js";
import * as exports from "./exports.js";
import { read } from "./files.js";
import { drawFilters, resetFilters, shown, shownQuotes, startFilters } from "./filters.js";
import { drawHandles, startHandles } from "./handles.js";
import { drawInspector } from "./inspector.js";
import { startHelp } from "./help.js";
import { startKeys } from "./keys.js";
import { drawLink } from "./link.js";
import { draw } from "./marks.js";
import { t } from "./phrases.js";
import { startPreferences } from "./preferences.js";
import { startSelection } from "./selection.js";
import { complain, silence, tell } from "./status.js";
import { isDirty, onChange, open, select, selectedQuote, store, toDocument } from "./store.js";
import { drawVoices, showOn } from "./voices.js";

// ---------------------------------------------------------------- a text comes in

let asked = null; // the AbortController of the request under way

// Whether the text is on the page now.
async function tagText(id, text) {
  if (!text.trim() || !mayLeave()) return false;
  asked?.abort();
  const mine = (asked = new AbortController());
  const cancel = { label: t("cancel"), run: () => mine.abort() };
  document.body.classList.add("busy");
  tell(t("reading"), "news", cancel);
  try {
    const busy = (n) => tell(t("busy", { n }), "news", cancel);
    const tagged = await api.tag(id, text, mine.signal, busy);
    silence();
    show(tagged);
    return true;
  } catch (error) {
    if (mine === asked) complain(error);
    return false;
  } finally {
    if (mine === asked) document.body.classList.remove("busy");
  }
}

// A pasted text has no name; its first words make one, so that two are not called the same.
function nameOf(text) {
  const plain = text.trim().split("\n", 1)[0].normalize("NFD").toLowerCase();
  const slug = plain.replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40);
  return slug.replace(/^-|-[^-]*$/g, "") || "article";
}

async function openFile(file) {
  try {
    const { id, text, legacy } = await read(file);
    if ((await tagText(id, text)) && legacy) tell(t("legacy"));
  } catch (error) {
    complain(error);
  }
}

async function trySample() {
  try {
    await tagText("demo", await api.sample());
  } catch (error) {
    complain(error);
  }
}

function show(tagged) {
  document.body.dataset.state = "reading";
  document.body.dataset.side = "text";
  resetFilters();
  open(tagged);
  scrollTo(0, 0);
  $("text").focus({ preventScroll: true });
}

const mayLeave = () => !isDirty() || confirm(t("leave"));

function startInput() {
  const input = $("input");
  const submit = () => tagText(nameOf(input.value), input.value);
  $("tag").addEventListener("click", submit);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  });
  $("sample").addEventListener("click", trySample);
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    if ($("file").files.length) openFile($("file").files[0]);
    $("file").value = "";
  });
  $("new").addEventListener("click", () => {
    if (!mayLeave()) return;
    open({ id: "", text: "", quotes: [] });
    document.body.dataset.state = "start";
    input.focus();
    input.select();
  });
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
}

function startDrop() {
  let depth = 0; // how many elements within each other a dragged file is over
  const over = (by) => {
    depth = Math.max(0, depth + by);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => isFile(event) && over(1));
  addEventListener("dragleave", (event) => isFile(event) && over(-1));
  addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    over(-depth);
    if (event.dataTransfer.files.length) openFile(event.dataTransfer.files[0]);
  });
}

// ---------------------------------------------------------------- it is read

function redraw(what) {
  if (what !== "selected") {
    drawFilters();
    const focused = document.activeElement?.closest?.("mark[id]")?.id;
    draw($("sheet"), shown);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    drawVoices();
    const n = store.quotes.filter((quote) => quote.corrected).length;
    $("edits").textContent = isDirty() && n ? t("edits", { n }) : "";
    $("name").textContent = store.id;
  }
  const quote = selectedQuote();
  if (quote && !shown(quote)) return select(null);
  drawInspector();
  light(quote);
  if (what === "selected") {
    showOn();
    if (quote) bring(quote);
  }
  drawOver();
}

// Marks every piece of the selected quote, of its mention and its cue.
function light(quote) {
  for (const node of $("sheet").querySelectorAll("[data-quote]")) {
    node.classList.toggle("on", Number(node.dataset.quote) === quote?.key);
  }
}

const CALM = matchMedia("(prefers-reduced-motion: reduce)");

// Scrolls the text so that the quote is seen, and above the sheet that phones show it in.
function bring(quote) {
  document.body.dataset.side = "text";
  const mark = $(`quote-${quote.key}`);
  const box = mark.getBoundingClientRect();
  const sheet = getComputedStyle($("inspector")).position === "fixed" ? $("inspector").offsetHeight : 0;
  const bottom = innerHeight - sheet - 24;
  if (box.top < 90 || box.bottom > bottom) {
    scrollBy({ top: box.top - Math.max(110, bottom / 3), behavior: CALM.matches ? "auto" : "smooth" });
  }
}

function drawOver() {
  drawLink($("link"));
  drawHandles();
}

function startReading() {
  onChange(redraw);
  $("sheet").addEventListener("click", (event) => {
    if (!getSelection().isCollapsed) return;
    const mark = event.target.closest("mark.quote");
    select(mark ? Number(mark.dataset.quote) : null);
  });
  new ResizeObserver(drawOver).observe($("sheet"));
  for (const side of ["text", "voices"]) {
    $(`side-${side}`).addEventListener("click", () => {
      document.body.dataset.side = side;
      drawOver();
    });
  }
}

// ---------------------------------------------------------------- and taken away

const fileName = () => store.id.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+/, "") || "article";

const EXPORTS = {
  json: () => copy(exports.json(shownQuotes())),
  csv: () => copy(exports.csv(shownQuotes())),
  markdown: () => copy(exports.markdown(shownQuotes())),
  gold: downloadGold,
  page: downloadPage,
  print: () => print(),
};

async function copy(text) {
  const done = await exports.copy(text);
  tell(t(done ? "copied" : "notCopied"), done ? "news" : "problem");
}

function downloadGold() {
  const { line, wrong } = exports.gold();
  exports.download(`${fileName()}.gold.jsonl`, line, "application/jsonl");
  store.saved = store.quotes;
  $("edits").textContent = "";
  if (!wrong.length) return tell(t("downloaded"));
  const [reason, quote] = wrong[0];
  tell(`${t("problems")}${t("colon")}${t(reason)}`, "problem");
  select(quote.key);
}

async function downloadPage() {
  try {
    exports.download(`${fileName()}.html`, await api.render(toDocument(shownQuotes())));
  } catch (error) {
    complain(error);
  }
}

function startExports() {
  for (const [name, run] of Object.entries(EXPORTS)) {
    $(`export-${name}`).addEventListener("click", () => {
      $("exports").hidePopover();
      run();
    });
  }
}

startInput();
startDrop();
startFilters();
startHandles();
startSelection();
startKeys();
startReading();
startExports();
startHelp();
startPreferences(() => redraw("language"));
