// What can be taken away: the quotes shown as JSON, CSV or Markdown, gold, and a page.

import { problems } from "./edits.js";
import { SIGNS, t } from "./phrases.js";
import { toDocument } from "./store.js";

export const json = (quotes) => `${JSON.stringify(toDocument(quotes), null, 2)}\n`;

const COLUMNS = {
  start: (q) => q.start,
  end: (q) => q.end,
  quote: (q) => q.text,
  type: (q) => q.type,
  speaker: (q) => q.speaker?.name,
  mention: (q) => q.speaker?.mention?.text,
  cue: (q) => q.cue?.text,
  stance: (q) => q.stance.label,
  target: (q) => q.stance.target,
  score: (q) => q.score,
};

export function csv(quotes) {
  const rows = toDocument(quotes).quotes.map((quote) => Object.values(COLUMNS).map((of) => of(quote)));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

// A spreadsheet would take words that begin so for a formula, and run it.
const FORMULA = /^[=+\-@\t\r]/;

function cell(value) {
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// A list under each speaker, in the order in which they first speak.
export function markdown(quotes) {
  const said = new Map();
  for (const quote of toDocument(quotes).quotes) {
    const name = quote.speaker?.name ?? t("unknown");
    said.set(name, [...(said.get(name) ?? []), quote]);
  }
  const parts = [...said].map(([name, list]) => `## ${plain(name)}\n\n${list.map(item).join("")}`);
  return parts.join("\n");
}

function item(quote) {
  const { label, target } = quote.stance;
  const side = `${SIGNS[label]} ${t(label)}${target ? t("colon") + plain(target) : ""}`;
  const facts = [quote.cue && plain(quote.cue.text), t(quote.type)].filter(Boolean).join(", ");
  return `- **${side}** – ${plain(quote.text)} *(${facts})*\n`;
}

// On one line, and with nothing in it that Markdown or HTML would read.
const plain = (text) => text.replace(/\s+/g, " ").trim().replace(/[\\`*_{}[\]<>#|~&]/g, "\\$&");

// One line of gold, and what is wrong with it.
export const gold = () => ({ line: `${JSON.stringify(toDocument(undefined, true))}\n`, wrong: problems() });

// ---------------------------------------------------------------- out of the page

export function download(name, content, type = "text/plain") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Whether the text is on the clipboard. Pages without TLS on another machine have to ask the old way.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
