// WhatsApp's text formatting as nodes: *bold*, _italic_, ~strike~, `code`, ```mono``` and web addresses. Never markup.

import { element, outsideLink } from "./dom.js";

const INLINE = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const LINK = /https?:\/\/[^\s<>"'`]+/giu;
const LINK_TAIL = /[.,;:!?…*_~)\]}]+$/u;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*\s?){1,3}$/u;
const DEEPEST = 8;

export const isOnlyEmoji = (text) => ONLY_EMOJI.test(text.trim());

/** The text as a fragment of nodes. */
export function formatted(text) {
  const fragment = document.createDocumentFragment();
  // Odd pieces stood between two ``` marks; an unclosed mark stays as it is.
  const pieces = text.split("```");
  const unclosed = pieces.length % 2 === 0 ? pieces.pop() : null;
  pieces.forEach((piece, index) => {
    if (index % 2 === 0) appendInline(fragment, piece, DEEPEST);
    else if (piece) fragment.append(element("code.mono", {}, piece.replace(/^\n|\n$/g, "")));
  });
  if (unclosed !== null) appendInline(fragment, "```" + unclosed, DEEPEST);
  return fragment;
}

/** The text on one line without its marks, for lists and labels. */
export function flattened(text) {
  return formatted(text).textContent.replace(/\s+/gu, " ").trim();
}

function appendInline(parent, text, depth) {
  let plainFrom = 0;
  let index = 0;
  while (index < text.length) {
    const mark = text[index];
    const end = INLINE[mark] || mark === "`" ? closing(text, index, mark) : -1;
    if (end < 0 || depth === 0) {
      index += 1;
      continue;
    }
    appendLinked(parent, text.slice(plainFrom, index));
    const inside = text.slice(index + 1, end);
    if (mark === "`") {
      parent.append(element("code", {}, inside));
    } else {
      const node = element(INLINE[mark]);
      appendInline(node, inside, depth - 1);
      parent.append(node);
    }
    index = end + 1;
    plainFrom = index;
  }
  appendLinked(parent, text.slice(plainFrom));
}

/** Where the mark at `open` closes on its own line, or -1. Marks hug their words: `2*3*4` and `a_b_c` are plain. */
function closing(text, open, mark) {
  const before = text[open - 1];
  const first = text[open + 1];
  if ((before && WORD.test(before)) || !first || /\s/u.test(first) || first === mark || insideLink(text, open)) return -1;
  const newline = text.indexOf("\n", open);
  const limit = newline < 0 ? text.length : newline;
  for (let end = text.indexOf(mark, open + 2); end > 0 && end < limit; end = text.indexOf(mark, end + 1)) {
    const after = text[end + 1];
    if (!/\s/u.test(text[end - 1]) && !(after && WORD.test(after)) && !insideLink(text, end)) return end;
  }
  return -1;
}

function insideLink(text, index) {
  const wordStart = Math.max(text.lastIndexOf(" ", index), text.lastIndexOf("\n", index)) + 1;
  const link = text.slice(wordStart, index).search(/https?:\/\//iu);
  if (link < 0) return false;
  const rest = text.slice(wordStart + link).match(/^\S+/u)[0];
  return wordStart + link + rest.replace(LINK_TAIL, "").length > index;
}

function appendLinked(parent, text) {
  let plainFrom = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(LINK_TAIL, "");
    parent.append(text.slice(plainFrom, match.index), outsideLink(address, address));
    plainFrom = match.index + address.length;
  }
  if (plainFrom < text.length) parent.append(text.slice(plainFrom));
}

/** The text with every occurrence of the query marked, as nodes. */
export function highlighted(text, query) {
  const fragment = document.createDocumentFragment();
  const wanted = query.trim().toLowerCase();
  const haystack = text.toLowerCase();
  // Lower-casing may change a text's length; offsets would then point elsewhere.
  if (!wanted || haystack.length !== text.length) {
    fragment.append(text);
    return fragment;
  }
  let from = 0;
  for (let at = haystack.indexOf(wanted); at >= 0; at = haystack.indexOf(wanted, from)) {
    fragment.append(text.slice(from, at), element("mark", {}, text.slice(at, at + wanted.length)));
    from = at + wanted.length;
  }
  fragment.append(text.slice(from));
  return fragment;
}
