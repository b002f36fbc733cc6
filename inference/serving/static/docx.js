// The text of a .docx: a zip archive with word/document.xml in it. The browser inflates and parses.

import { Unreadable, tidy } from "./files.js";

const NAME = "word/document.xml";
const MAX_INFLATED = 64 * 2 ** 20; // a bomb is no document
const END_OF_DIRECTORY = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

export async function docxText(bytes) {
  const xml = new TextDecoder().decode(await member(bytes));
  // No document of Word's has a DOCTYPE; entities that grow need one.
  if (xml.includes("<!DOCTYPE")) throw new Unreadable("unreadable");
  const tree = new DOMParser().parseFromString(xml, "application/xml");
  if (tree.querySelector("parsererror")) throw new Unreadable("unreadable");
  const paragraphs = [...tree.getElementsByTagNameNS("*", "p")];
  return tidy(paragraphs.map(paragraphText).join("\n\n"));
}

const SIGNS = { tab: "\t", br: "\n", cr: "\n", noBreakHyphen: "\u2011", softHyphen: "\u00ad" };

// What a paragraph says: deleted text of a revision is ``delText``, and not taken.
function paragraphText(paragraph) {
  let text = "";
  for (const node of paragraph.getElementsByTagNameNS("*", "*")) {
    if (node.localName === "t") text += node.textContent;
    else text += SIGNS[node.localName] && node.parentNode.localName === "r" ? SIGNS[node.localName] : "";
  }
  return text;
}

// ---------------------------------------------------------------- the archive

async function member(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { method, from, size } = locate(view);
    const packed = bytes.subarray(from, from + size);
    if (method === STORED) return packed;
    if (method === DEFLATED) return await inflate(packed);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    // An offset outside the file, or what is not deflated: it is no archive.
  }
  throw new Unreadable("unreadable");
}

function locate(view) {
  let end = view.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count && view.getUint32(at, true) === ENTRY; i++) {
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const name = new Uint8Array(view.buffer, view.byteOffset + at + 46, lengths[0]);
    if (new TextDecoder().decode(name) === NAME) {
      const header = view.getUint32(at + 42, true);
      const from = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
      return { method: view.getUint16(at + 10, true), from, size: view.getUint32(at + 20, true) };
    }
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  throw new Unreadable("unreadable");
}

async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const pieces = [];
  let size = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_INFLATED) {
      reader.cancel();
      throw new Unreadable("tooLarge");
    }
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
