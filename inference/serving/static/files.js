// Files become text here, in the browser: the server never parses what somebody found on the web.

import { docxText } from "./docx.js";

export const MAX_BYTES = 20 * 2 ** 20;

const READERS = {
  txt: (bytes) => decoded(bytes),
  html: (bytes) => htmlText(bytes),
  htm: (bytes) => htmlText(bytes),
  docx: (bytes) => docxText(bytes).then((text) => ({ text, legacy: false })),
};

// A reason that is a key of a message.
export class Unreadable extends Error {}

// { id, text, legacy } of a file; ``legacy``: it was not UTF-8, and taken for Windows-1252.
export async function read(file) {
  const [, stem, extension] = /^(.*?)(?:\.([^.]*))?$/s.exec(file.name);
  const reader = READERS[extension?.toLowerCase()];
  if (!reader) throw new Unreadable("unsupported");
  if (file.size > MAX_BYTES) throw new Unreadable("tooLarge");
  const { text, legacy } = await reader(new Uint8Array(await file.arrayBuffer()));
  if (!text.trim()) throw new Unreadable("empty");
  return { id: stem, text, legacy };
}

const MARKS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];

// A byte order mark decides; then what the file says of itself; then whether it is UTF-8.
function decoded(bytes, declared = null) {
  const marked = MARKS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte));
  const label = marked?.[0] ?? declared;
  if (label) {
    try {
      return { text: new TextDecoder(label).decode(bytes), legacy: false };
    } catch {
      // no such encoding: go by the bytes
    }
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), legacy: false };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), legacy: true };
  }
}

// ---------------------------------------------------------------- web pages

const CHARSET = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i;
const NO_TEXT = "script,style,noscript,template,svg,nav,header,footer,aside,form,figure,iframe,object";
const BLOCKS = new Set(
  ("ADDRESS ARTICLE BLOCKQUOTE DD DIV DL DT H1 H2 H3 H4 H5 H6 HR LI MAIN OL P PRE SECTION TABLE TR UL").split(" "),
);

// A document made by DOMParser runs no script and loads nothing.
function htmlText(bytes) {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  const { text, legacy } = decoded(bytes, CHARSET.exec(head)?.[1]);
  const page = new DOMParser().parseFromString(text, "text/html");
  const body = page.querySelector("article") ?? page.querySelector("main") ?? page.body;
  const title = body.querySelector("h1") ? null : page.querySelector("h1");
  for (const node of body.querySelectorAll(NO_TEXT)) {
    if (!node.querySelector("h1")) node.remove();
  }
  const parts = [title ? `${title.textContent}\n\n` : "", ...flow(body)];
  return { text: tidy(parts.join("")), legacy };
}

function* flow(node) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      yield child.data.replace(/[ \t\r\n\f]+/g, " ");
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      const block = BLOCKS.has(child.tagName);
      if (child.tagName === "BR") yield "\n";
      if (block) yield "\n\n";
      yield* flow(child);
      if (block) yield "\n\n";
    }
  }
}

export const tidy = (text) =>
  text.replace(/ *\n */g, "\n").replace(/\n{3,}/g, "\n\n").replace(/^[\n ]+|[\n ]+$/g, "");
