// JSON as it was sent, set out to be read. Works on the text itself: numbers keep every digit, keys their order.

import { element } from "./dom.js";

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gsu;
const UNICODE_ESCAPE = /\\u([0-9a-f]{4})/giu;
const LONGEST_COLOURED = 40_000;

/** `text` laid out with two blanks a level; as it is where it is no JSON. */
export function pretty(text) {
  return layOut(text)?.map(([, piece]) => piece).join("") ?? text;
}

/** The same as a `pre` with colours; very long ones stay plain. */
export function prettyElement(text) {
  const pieces = text.length > LONGEST_COLOURED ? null : layOut(text);
  if (!pieces) return element("pre.json", { tabindex: "0", dir: "ltr" }, pretty(text));
  const spans = pieces.map(([kind, piece]) => (kind ? element(`span.${kind}`, {}, piece) : piece));
  return element("pre.json", { tabindex: "0", dir: "ltr" }, ...spans);
}

function layOut(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(TOKEN) ?? [];
  const pieces = [];
  let depth = 0;
  const newline = () => pieces.push([null, `\n${"  ".repeat(depth)}`]);
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      pieces.push([null, token]);
      if (next === "}" || next === "]") return;
      depth += 1;
      newline();
    } else if (token === "}" || token === "]") {
      const previous = tokens[index - 1];
      if (previous !== "{" && previous !== "[") {
        depth -= 1;
        newline();
      }
      pieces.push([null, token]);
    } else if (token === ",") {
      pieces.push([null, token]);
      newline();
    } else if (token === ":") {
      pieces.push([null, ": "]);
    } else if (token.startsWith('"')) {
      pieces.push([next === ":" ? "key" : "string", readable(token)]);
    } else {
      pieces.push(["literal", token]);
    }
  });
  return pieces;
}

/** Letters written as \uXXXX shown as letters; control characters and the marks that reorder text stay escaped. */
function readable(token) {
  if (/\\\\u/u.test(token)) return token;
  return token.replace(UNICODE_ESCAPE, (escape, hex) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\p{L}\p{N}\p{M}\p{P}\p{S}\p{Cs}]/u.test(character) && !/["\\]/u.test(character) ? character : escape;
  });
}
