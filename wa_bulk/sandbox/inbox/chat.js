// The right pane: one conversation, its header, its messages and the composer.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { avatar, copyButton, element, icon, phoneNumber, plural } from "./dom.js";
import { MessageWindow } from "./message-window.js";
import { paced } from "./paced.js";
import { isFromUser, movesOn, spoken } from "./record.js";
import { exactTime, span } from "./time.js";

const PAGE = 60;
const MOST_HELD = 4000;
const REPLY_WINDOW_MS = 24 * 60 * 60 * 1000;
const REFRESH_EVERY_MS = 500;
const ANNOUNCE_EVERY_MS = 3000;

export class Chat {
  contact = null;
  #older = null;
  #newerMissing = false;
  #total = 0;
  #unseen = 0;
  #opening = 0;
  #reading = false;
  #loading = false;
  #missed = false;
  #announcedAt = 0;
  refreshSoon = paced(() => this.refresh(), REFRESH_EVERY_MS);

  /** `actions`: `openRaw(id)`, `openMessage(id)`, `back()`. */
  constructor({ actions }) {
    this.pane = document.querySelector("#chat");
    this.header = document.querySelector("#chat-header");
    this.welcome = document.querySelector("#welcome");
    this.messages = document.querySelector("#messages");
    this.toNewest = document.querySelector("#to-newest");
    this.gone = document.querySelector("#chat-gone");
    this.announcer = document.querySelector("#announcer");
    this.actions = actions;
    this.composer = new Composer({ sendingNumber: () => this.#sendingNumber() });
    this.window = new MessageWindow({
      container: this.messages,
      actions: { ...actions, answer: (record, text) => this.composer.send(text, record.message_id) },
      reachedOldest: () => this.#readOlder(),
      reachedNewest: () => this.#readNewer(),
    });
    this.messages.addEventListener("scroll", () => this.#showToNewest(), { passive: true });
    this.messages.addEventListener("keydown", (event) => this.#onKey(event));
    this.toNewest.addEventListener("click", () => this.#goToNewest());
    setInterval(() => this.#showReplyWindow(), 30_000);
  }

  /** Show the conversation with `contact`, at its newest message or at the one given. */
  async open(contact, messageId = null) {
    if (contact === this.contact && messageId !== null && this.window.reveal(messageId)) return;
    this.contact = contact;
    this.#total = 0;
    this.#unseen = 0;
    const opening = ++this.#opening;
    this.pane.classList.add("open");
    this.welcome.hidden = true;
    this.#drawHeader();
    this.composer.show(contact);
    this.window.show([]);
    await this.#read(opening, messageId);
  }

  close() {
    this.contact = null;
    this.#opening += 1;
    this.pane.classList.remove("open");
    this.welcome.hidden = false;
    this.window.show([]);
  }

  /** Read all anew, after a time without events: even another sandbox may stand at the address now. */
  async reopen() {
    if (this.contact !== null) await this.#read(++this.#opening, null);
  }

  /** Bring what is shown up to date after more had changed than was told. */
  async refresh() {
    if (this.contact === null) return;
    const drawn = this.window.newestDrawn;
    await this.#readPage(async (opening) => {
      const newest = await api.conversation(this.contact, { limit: PAGE });
      const pages = [newest];
      const oldestOfNewest = newest.messages.at(-1)?.id ?? 0;
      if (drawn && drawn.id < oldestOfNewest) {
        pages.push(await api.conversation(this.contact, { before: drawn.id + 1, limit: PAGE }));
      }
      if (opening !== this.#opening) return;
      for (const page of pages) this.#moveOn(page.messages);
      const known = this.window.records.at(-1)?.id ?? 0;
      const fresh = newest.messages.filter((record) => record.id > known).reverse();
      if (fresh.length === newest.messages.length && newest.next !== null && known) this.#newerMissing = true;
      if (fresh.length) this.#add(fresh);
      this.#total = newest.total;
      this.#showState();
    });
    if (this.#newerMissing && this.window.atEnd) this.#goToNewest();
  }

  receive({ records, statuses }) {
    if (this.contact === null) return;
    if (this.#reading) {
      this.#missed = true;
      return;
    }
    const newest = this.window.records.at(-1)?.id ?? 0;
    const mine = records.filter((record) => record.contact === this.contact && record.id > newest);
    if (mine.length) this.#add(mine);
    if (statuses.length) this.#moveOn(statuses);
  }

  /** Take over the status of each `{id, status, error}`. */
  #moveOn(changes) {
    const byId = new Map(this.window.records.map((record) => [record.id, record]));
    for (const { id, status, error } of changes) {
      const record = byId.get(id);
      if (!record || !movesOn(record.status, status)) continue;
      Object.assign(record, { status, error: error ?? null });
      this.window.update(record);
    }
  }

  focusMessages() {
    this.window.step(0);
  }

  async #read(opening, messageId) {
    this.#reading = true;
    try {
      // A page that ends a little after the wanted message shows it among its neighbours.
      const before = messageId === null ? null : messageId + 1;
      const page = await api.conversation(this.contact, { before, limit: PAGE });
      const after = messageId === null ? null : await api.messages({ to: this.contact }, { after: messageId, limit: PAGE });
      if (opening !== this.#opening) return;
      this.#older = page.next;
      this.#newerMissing = after !== null && after.next !== null;
      this.#total = page.total;
      const records = [...(after?.messages ?? []), ...page.messages].reverse();
      this.gone.hidden = records.length > 0;
      this.window.show(records, messageId);
    } catch (error) {
      if (opening === this.#opening) this.#showNotice(error.message);
    }
    if (opening !== this.#opening) return;
    this.#reading = false;
    if (this.#missed) this.refreshSoon();
    this.#missed = false;
    this.#showState();
    this.#showToNewest();
  }

  #add(records) {
    this.#total += records.length;
    this.gone.hidden = true;
    const wasAtEnd = this.window.atEnd;
    if (!wasAtEnd) this.#unseen += records.length;
    // Someone reading far above a campaign still running: past a bound the newest are read again on the way down.
    if (this.#newerMissing || (!wasAtEnd && this.window.records.length >= MOST_HELD)) this.#newerMissing = true;
    else this.window.addNewer(records);
    if (wasAtEnd && this.window.forgetAllBut(MOST_HELD)) this.#older = this.window.records[0].id;
    this.#showState();
    this.#showToNewest();
    this.#announce(records.at(-1));
  }

  async #readOlder() {
    if (this.#older === null) return;
    await this.#readPage(async (opening) => {
      const page = await api.conversation(this.contact, { before: this.#older, limit: PAGE });
      if (opening !== this.#opening) return;
      this.#older = page.next;
      if (page.messages.length) this.window.addOlder(page.messages.reverse());
    });
  }

  async #readNewer() {
    if (!this.#newerMissing) return;
    await this.#readPage(async (opening) => {
      const page = await api.messages({ to: this.contact }, { after: this.window.records.at(-1)?.id ?? 0, limit: PAGE });
      if (opening !== this.#opening) return;
      this.#newerMissing = page.next !== null;
      this.window.addNewer(page.messages.reverse());
    });
    this.#showToNewest();
  }

  /** One read at a time beside the first of a conversation. */
  async #readPage(read) {
    if (this.#reading || this.#loading) {
      this.#missed ||= this.#reading;
      return;
    }
    this.#loading = true;
    const opening = this.#opening;
    try {
      await read(opening);
    } catch {
      // The notice that the sandbox is unavailable says it; scrolling asks again.
    } finally {
      this.#loading = false;
    }
  }

  #goToNewest() {
    this.#unseen = 0;
    if (this.#newerMissing) this.#read(++this.#opening, null);
    else this.window.scrollToEnd();
    this.#showToNewest();
  }

  #showToNewest() {
    if (this.window.atEnd && !this.#newerMissing) this.#unseen = 0;
    this.toNewest.hidden = this.contact === null || (this.window.atEnd && !this.#newerMissing);
    this.toNewest.querySelector("span").textContent = this.#unseen ? `${this.#unseen.toLocaleString("en")} new` : "Newest";
  }

  #showNotice(words) {
    this.window.show([]);
    this.gone.hidden = false;
    this.gone.textContent = words;
  }

  #drawHeader() {
    const back = element("button.round.back", { type: "button", "aria-label": "Back to the list" }, icon("back"));
    back.addEventListener("click", () => this.actions.back());
    this.header.replaceChildren(
      back,
      avatar(this.contact),
      element("h2", {}, phoneNumber(this.contact), element("small")),
      element("span.reply-window", { hidden: true }),
      copyButton("Copy number", this.contact),
    );
    this.#showState();
  }

  /** Bring the header up to the messages held. */
  #showState() {
    if (this.contact === null) return;
    this.header.querySelector("small").textContent = plural(this.#total, "message", "messages");
    this.#showReplyWindow();
  }

  /** Whether WhatsApp would let other bodies than templates through now: the user wrote within the last 24 hours. */
  #showReplyWindow() {
    const chip = this.header.querySelector(".reply-window");
    if (!chip) return;
    const written = this.window.records.findLast(isFromUser);
    const left = written ? Date.parse(written.at) + REPLY_WINDOW_MS - Date.now() : 0;
    const known = written || this.#older === null;
    chip.hidden = !known || this.window.records.length === 0;
    chip.classList.toggle("closed", left <= 0);
    chip.replaceChildren(icon("clock"), ...(left > 0 ? [element("span", {}, "Window open"), span(left)] : ["Templates only"]));
    chip.title =
      left > 0
        ? `The user wrote at ${exactTime(written.at)}: any message gets through for 24 hours.`
        : "The user has not written within 24 hours: anything but a template fails with 131047. Reply to open the window.";
  }

  #sendingNumber() {
    const last = this.window.records.findLast((record) => !isFromUser(record) && record.from);
    return last?.from ?? null;
  }

  #announce(record) {
    const now = Date.now();
    if (now - this.#announcedAt < ANNOUNCE_EVERY_MS) return;
    this.#announcedAt = now;
    this.announcer.textContent = spoken(record);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 8, PageUp: -8, Home: -Infinity };
    const record = this.window.focused;
    const onMessage = event.target.classList.contains("message");
    if (event.key in moves) this.window.step(moves[event.key]);
    else if (event.key === "End") this.#goToNewest();
    else if (record && (event.key === "i" || (event.key === "Enter" && onMessage))) this.actions.openRaw(record.id);
    else if (record?.duplicate_of && event.key === "d") this.actions.openMessage(record.duplicate_of);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
