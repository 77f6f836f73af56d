// One message as the phone would show it, with what only a sandbox knows: its template, its error, its first copy.

import { element, icon, outsideLink } from "./dom.js";
import { mediaElement } from "./media.js";
import { isFromUser, mediaOf, spoken, templateOf, textOf } from "./record.js";
import { formatted, isOnlyEmoji } from "./text.js";
import { statusMark, updateStatusMark } from "./ticks.js";
import { clockTime, exactTime } from "./time.js";

const LONG_TEXT = 900;
const LONG_LINES = 16;
const BUTTON_ICON = { QUICK_REPLY: "reply", URL: "external", PHONE_NUMBER: "phone" };

/**
 * The article of a record. `actions` are `openRaw(id)`, `openMessage(id)` and `answer(record, text)`.
 */
export function bubble(record, actions) {
  const media = mediaOf(record);
  const text = textOf(record);
  const plain = media?.kind === "sticker" || (record.type === "text" && isOnlyEmoji(text));
  const box = element(
    `div.bubble${plain ? ".bare" : ""}`,
    {},
    record.duplicate_of && duplicateMark(record, actions),
    record.rendered && header(record.rendered.header),
    media && mediaElement(media),
    ...lines(record, text),
    errorLine(record),
    record.rendered && buttons(record, actions),
  );
  const raw = element(
    "button.raw-button",
    { type: "button", title: "Raw request and reply", "aria-label": "Raw request and reply", tabindex: "-1" },
    icon("braces"),
  );
  raw.addEventListener("click", () => actions.openRaw(record.id));
  return element(
    "article.message",
    {
      "data-id": record.id,
      "data-direction": record.direction,
      "data-type": record.type,
      tabindex: "-1",
      "aria-label": spoken(record),
    },
    element("div.message-row", {}, box, raw),
    templateNote(record),
  );
}

/** Bring the tick and the error of a drawn message up to its record. */
export function updateBubble(article, record) {
  const mark = article.querySelector(".tick");
  if (mark) updateStatusMark(mark, record);
  article.setAttribute("aria-label", spoken(record));
  const shown = article.querySelector(".error");
  const wanted = errorLine(record);
  if (shown && wanted) shown.replaceWith(wanted);
  else if (wanted) article.querySelector(".bubble").insertBefore(wanted, article.querySelector(".buttons"));
}

function duplicateMark(record, actions) {
  const mark = element(
    "button.duplicate",
    { type: "button", title: "The same content went to this recipient before. Show the first." },
    icon("copy"),
    "Duplicate",
    element("span.duplicate-go", {}, "show the first"),
  );
  mark.addEventListener("click", () => actions.openMessage(record.duplicate_of));
  return mark;
}

function header(part) {
  if (!part) return null;
  if (part.type === "text") return element("div.template-header", { dir: "auto" }, part.text ?? "");
  return mediaElement({ kind: part.type, link: part.link, id: part.id, filename: part.filename });
}

/** Body, footer and the line of time and tick, which floats in the last of them. */
function lines(record, text) {
  const meta = element(
    "span.meta",
    {},
    element("time", { datetime: record.at, title: exactTime(record.at) }, clockTime(record.at)),
    isFromUser(record) ? null : statusMark(record),
  );
  const body = text ? textBlock(text, record) : null;
  const footer = record.rendered?.footer ? element("div.footer", { dir: "auto" }, record.rendered.footer) : null;
  const last = footer ?? body;
  if (last && !last.querySelector(".more")) {
    last.append(meta);
    return [body, footer];
  }
  meta.classList.add("alone");
  return [body, footer, meta];
}

function textBlock(text, record) {
  const emoji = record.type === "text" && isOnlyEmoji(text);
  const block = element(`div.text${emoji ? ".emoji" : ""}`, { dir: "auto" });
  const long = text.length > LONG_TEXT || text.split("\n").length > LONG_LINES;
  if (!long) {
    block.append(formatted(text));
    return block;
  }
  const content = element("span.clipped", { dir: "auto" });
  content.append(formatted(text));
  const more = element("button.more", { type: "button", "aria-expanded": "false" }, "Read more");
  more.addEventListener("click", () => {
    const clipped = content.classList.toggle("clipped");
    more.textContent = clipped ? "Read more" : "Read less";
    more.setAttribute("aria-expanded", String(!clipped));
  });
  block.append(content, more);
  return block;
}

/** What went wrong, in red: Meta's code and its words; null where nothing did. */
export function errorLine(record) {
  if (!record.error) return null;
  return element(
    "div.error",
    {},
    icon("alert"),
    element("span", {}, element("strong", {}, String(record.error.code)), " ", record.error.message),
  );
}

function buttons(record, actions) {
  const list = record.rendered.buttons;
  if (!list?.length) return null;
  return element("div.buttons", {}, ...list.map((button) => templateButton(button, record, actions)));
}

function templateButton(button, record, actions) {
  const type = String(button.type ?? "").toUpperCase();
  const parts = [icon(BUTTON_ICON[type] ?? "reply"), element("bdi", {}, button.text ?? "")];
  if (type === "URL") return element("div.template-button", {}, outsideLink(button.url, ...parts));
  if (type !== "QUICK_REPLY") {
    return element("div.template-button", { title: button.phone_number ?? null }, element("span", {}, ...parts));
  }
  const press = element("button", { type: "button", title: "Answer with this button as the user" }, ...parts);
  press.addEventListener("click", () => actions.answer(record, button.text));
  return element("div.template-button", {}, press);
}

function templateNote(record) {
  const template = templateOf(record);
  if (!template) return null;
  const name = element("bdi", {}, template.name);
  return element("div.note", {}, icon("template"), name, " · ", element("bdi", {}, template.language));
}
