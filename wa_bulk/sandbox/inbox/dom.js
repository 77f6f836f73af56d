// Everything on this page is built here: elements, text nodes and vetted attributes. There is no way to hand markup in.

const SVG = "http://www.w3.org/2000/svg";
const UNSAFE_ATTRIBUTE = /^on|^(?:style|srcdoc|action|formaction)$/i;

/**
 * Build an element: `element("p.note", {title: "…", onclick: listener}, "text", child)`.
 * `href` and `src` pass through `webLink`; children that are not nodes become text; null, undefined and false are left out.
 */
export function element(tagAndClasses, attributes = {}, ...children) {
  const [tag, ...classes] = tagAndClasses.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  append(node, children);
  return node;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") {
    node.addEventListener(name.replace(/^on/, ""), value);
  } else if (name === "href" || name === "src") {
    const link = webLink(value);
    if (link) node.setAttribute(name, link);
  } else if (UNSAFE_ATTRIBUTE.test(name)) {
    throw new Error(`attribute ${name} is not built here`);
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

export function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function icon(name, label) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The link in its normal form where it is http or https, else null: `javascript:`, `data:` and the like never become links. */
export function webLink(text) {
  if (typeof text !== "string") return null;
  try {
    const url = new URL(text.trim());
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the inbox and tells the other side nothing; plain text where the target is not a web address. */
export function outsideLink(target, ...children) {
  const link = webLink(target);
  if (!link) return element("span", {}, ...children);
  return element("a", { href: link, target: "_blank", rel: "noopener noreferrer nofollow", title: link }, ...children);
}

// The calling codes of one or two digits (ITU-T E.164); all others have three.
const SHORT_CALLING_CODES = new Set(
  (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 " +
    "51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
  ).split(" "),
);

/** A number in groups that the eye can hold. The gaps are spacing only: selecting and copying gives the number as it is. */
export function phoneNumber(number) {
  const text = String(number ?? "");
  if (!/^\+\d{5,15}$/.test(text)) return element("bdi.phone", {}, text);
  const digits = text.slice(1);
  const codeLength = [1, 2].find((length) => SHORT_CALLING_CODES.has(digits.slice(0, length))) ?? 3;
  const groups = [`+${digits.slice(0, codeLength)}`];
  let rest = digits.slice(codeLength);
  while (rest.length > 4) {
    groups.push(rest.slice(0, 3));
    rest = rest.slice(3);
  }
  groups.push(rest);
  return element("bdi.phone", { dir: "ltr" }, ...groups.map((group) => element("span", {}, group)));
}

/** The same hue for the same number, every time. */
export function avatar(number) {
  const text = String(number ?? "");
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 9973;
  const node = element("span.avatar", { "aria-hidden": "true" }, text.slice(-2));
  node.style.setProperty("--hue", String((hash * 47) % 360));
  return node;
}

export function plural(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages reached over plain http from another machine have no clipboard object; selecting and copying still works there.
    const area = element("textarea.visually-hidden", { readonly: true }, text);
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

export function copyButton(label, text) {
  const words = element("span", {}, label);
  const button = element("button.quiet", { type: "button" }, icon("copy"), words);
  button.addEventListener("click", async () => {
    words.textContent = (await copyText(typeof text === "function" ? text() : text)) ? "Copied" : "Could not copy";
    setTimeout(() => (words.textContent = label), 1600);
  });
  return button;
}
