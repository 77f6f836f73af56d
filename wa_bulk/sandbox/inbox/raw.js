// A drawer with what went over the wire for one message, and what became of it.

import * as api from "./api.js";
import { errorLine } from "./bubble.js";
import { copyButton, element, phoneNumber } from "./dom.js";
import { pretty, prettyElement } from "./json.js";
import { STATUS_WORDS, isFromUser } from "./record.js";
import { statusMark } from "./ticks.js";
import { exactTime } from "./time.js";

export class RawDrawer {
  #id = null;

  constructor() {
    this.dialog = document.querySelector("#raw");
    this.content = document.querySelector("#raw-content");
    this.title = document.querySelector("#raw-title");
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => (this.#id = null));
  }

  async open(id) {
    this.#id = id;
    this.title.textContent = `Message #${id}`;
    this.content.replaceChildren(element("p.quiet-words", {}, "Reading…"));
    if (!this.dialog.open) this.dialog.showModal();
    this.content.scrollTop = 0;
    await this.#read();
  }

  /** Read again when the message shown has moved on. */
  receive({ statuses }) {
    if (this.#id !== null && statuses.some(({ id }) => id === this.#id)) this.#read();
  }

  async #read() {
    const id = this.#id;
    try {
      const detail = await api.message(id);
      if (id === this.#id) this.content.replaceChildren(...sections(detail));
    } catch (error) {
      if (id === this.#id) this.content.replaceChildren(element("p.quiet-words", {}, error.message));
    }
  }
}

function sections(detail) {
  return [facts(detail), history(detail), request(detail.request), reply(detail.reply)].filter(Boolean);
}

function facts(detail) {
  const rows = [
    ["Message id", detail.message_id],
    ["From", detail.from && phoneNumber(detail.from)],
    ["To", detail.to && phoneNumber(detail.to)],
    ["Request id", detail.request_id],
    ["Duplicate of", detail.duplicate_of && `#${detail.duplicate_of}`],
  ].filter(([, value]) => value);
  const list = element("dl.facts");
  for (const [name, value] of rows) {
    list.append(element("dt", {}, name), element("dd", {}, value instanceof Node ? value : element("bdi", {}, String(value))));
  }
  return list;
}

function history(detail) {
  if (isFromUser(detail) || !detail.history?.length) return null;
  const steps = detail.history.map((step) =>
    element(
      "li",
      {},
      statusMark(step),
      element("span", {}, STATUS_WORDS[step.status] ?? step.status),
      element("time", { datetime: step.at }, exactTime(step.at)),
    ),
  );
  return section("What became of it", null, element("ol.history", {}, ...steps), errorLine(detail));
}

function request(request) {
  if (!request) return null;
  const body = typeof request.body === "string" ? request.body : JSON.stringify(request.body);
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const shown = element("div", {}, prettyElement(body));
  const asSent = element("button.quiet", { type: "button", "aria-pressed": "false" }, "As sent");
  asSent.addEventListener("click", () => {
    const pressed = asSent.getAttribute("aria-pressed") !== "true";
    asSent.setAttribute("aria-pressed", String(pressed));
    const plain = element("pre.json", { tabindex: "0", dir: "ltr" }, body);
    shown.replaceChildren(pressed ? plain : prettyElement(body));
  });
  const tools = [asSent, copyButton("Copy", () => (asSent.getAttribute("aria-pressed") === "true" ? body : pretty(body)))];
  const above = headers.length ? element("pre.headers", { tabindex: "0", dir: "ltr" }, headers.join("\n")) : null;
  return section("Request", tools, above, shown);
}

function reply(reply) {
  if (!reply) return null;
  const body = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
  const fine = reply.status >= 200 && reply.status < 300;
  const status = element(`span.http-status${fine ? "" : ".bad"}`, {}, String(reply.status));
  return section("Reply", [status, copyButton("Copy", () => pretty(body))], prettyElement(body));
}

function section(title, tools, ...parts) {
  return element("section", {}, element("header", {}, element("h3", {}, title), ...(tools ?? [])), ...parts);
}
