// The left pane: search, the two views (conversations, messages) and the list itself.

import * as api from "./api.js";
import { avatar, element, icon, phoneNumber, plural } from "./dom.js";
import { Feed } from "./feed.js";
import { paced } from "./paced.js";
import { isFromUser, movesOn, preview } from "./record.js";
import { flattened, highlighted } from "./text.js";
import { statusMark } from "./ticks.js";
import { exactTime, listTime } from "./time.js";
import { VirtualList } from "./virtual-list.js";

const ROW_HEIGHT = 72;
const SEARCH_DELAY_MS = 180;
const REFRESH_EVERY_MS = 400;
const PREVIEW_LENGTH = 160;

const ONLY = { failed: { status: "failed" }, duplicates: { duplicates: true } };

const lastOf = (item) => item.last ?? item;

export class ConversationList {
  #view = "conversations";
  #query = "";
  #only = null;
  #selected = { contact: null, messageId: null };
  #feed;
  #list;
  #searchTimer = null;
  #stale = false;
  #open;
  #refreshPaced = paced(() => this.refresh(), REFRESH_EVERY_MS);

  /** `open(contact, messageId | null)` shows a conversation. */
  constructor({ open }) {
    this.#open = open;
    this.search = document.querySelector("#search");
    this.empty = document.querySelector("#list-empty");
    this.newer = document.querySelector("#list-newer");
    this.filter = document.querySelector("#list-filter");
    this.tabs = {
      conversations: document.querySelector("#view-conversations"),
      messages: document.querySelector("#view-messages"),
    };
    this.#list = new VirtualList({
      container: document.querySelector("#list"),
      rowHeight: ROW_HEIGHT,
      draw: (item) => this.#row(item),
      key: (item) => (item.last ? item.contact : item.id),
      choose: (item) => this.#open(item.contact, item.last ? null : item.id),
      nearEnd: () => this.#more(),
    });
    this.search.addEventListener("input", () => {
      clearTimeout(this.#searchTimer);
      this.#searchTimer = setTimeout(() => this.#setQuery(this.search.value.trim()), SEARCH_DELAY_MS);
    });
    this.search.addEventListener("keydown", (event) => this.#onSearchKey(event));
    for (const [view, tab] of Object.entries(this.tabs)) {
      tab.addEventListener("click", () => this.show(view));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = view === "messages" ? "conversations" : "messages";
        this.show(other);
        this.tabs[other].focus();
      });
    }
    this.newer.addEventListener("click", () => {
      this.#list.scrollToTop();
      this.refresh();
    });
    const catchUp = () => this.#stale && this.#list.atTop && this.refresh();
    document.querySelector("#list").addEventListener("scroll", catchUp, { passive: true });
    this.#start();
  }

  focus() {
    document.querySelector("#list").focus();
  }

  step(by) {
    this.#list.step(by);
  }

  /** Mark what is open: the row of the conversation, or of the message where messages are listed. */
  select(contact, messageId = null) {
    this.#selected = { contact, messageId };
    this.#list.redraw();
  }

  /** `only` is "failed" or "duplicates" and narrows the messages; null shows all. */
  show(view, only = null) {
    this.#view = view;
    this.#only = only;
    this.#start();
  }

  /** Take a batch of live events: ticks move in place, anything new reads the top again, soon but seldom. */
  receive({ records, statuses }) {
    const byId = new Map(this.#list.items.map((item) => [lastOf(item).id, item]));
    let failed = false;
    for (const { id, status, error } of statuses) {
      failed ||= status === "failed";
      const item = byId.get(id);
      if (!item || !movesOn(lastOf(item).status, status)) continue;
      Object.assign(lastOf(item), { status, error: error ?? null });
      this.#list.redraw(this.#list.key(item));
    }
    if (records.length || failed) this.refreshSoon();
  }

  /** Forget what was read and read it anew. */
  restart() {
    this.#start();
  }

  async refresh() {
    this.#stale = false;
    this.newer.hidden = true;
    if (await this.#feed.refresh().catch(() => false)) this.#draw();
  }

  #start() {
    this.#feed?.cancel();
    const { conversations } = api;
    const query = { q: this.#query };
    const inMessages = this.#view === "messages";
    const read = inMessages
      ? async (page, signal) => named(await api.messages({ ...query, ...ONLY[this.#only] }, page, signal), "messages")
      : async (page, signal) => named(await conversations(query, page, signal), "conversations");
    this.#feed = new Feed({ read, key: (item) => (inMessages ? item.id : item.contact), order: (item) => lastOf(item).id });
    for (const [view, tab] of Object.entries(this.tabs)) {
      tab.setAttribute("aria-selected", String(view === this.#view));
      tab.tabIndex = view === this.#view ? 0 : -1;
    }
    document.querySelector("#list").setAttribute("aria-label", inMessages ? "Messages" : "Conversations");
    this.#showFilter();
    this.#list.scrollToTop();
    this.#list.redraw();
    this.refresh();
  }

  #showFilter() {
    this.filter.hidden = !this.#only;
    if (!this.#only) return;
    const drop = element("button", { type: "button", "aria-label": "Show all messages" }, icon("close"));
    drop.addEventListener("click", () => this.show("messages"));
    this.filter.replaceChildren(element("span", {}, this.#only), drop);
    this.filter.className = `filter ${this.#only}`;
  }

  /** Read the top again, but not too often. */
  refreshSoon() {
    // What someone is reading further down stays where it is until they come back up.
    if (this.#list.atTop) this.#refreshPaced();
    else this.#stale = true;
    this.newer.hidden = !this.#stale;
  }

  async #more() {
    if (!this.#feed.hasMore) return;
    if (await this.#feed.readMore().catch(() => false)) this.#draw();
  }

  #draw() {
    this.#list.show(this.#feed.items, this.#feed.total);
    const { total } = this.#feed;
    const [one, many] = this.#view === "messages" ? ["message", "messages"] : ["conversation", "conversations"];
    document.querySelector("#list-total").textContent = total ? plural(total, one, many) : "";
    this.empty.hidden = total > 0;
    if (total === 0) {
      const searching = this.#query || this.#only;
      this.empty.textContent = searching ? "Nothing matches." : "No messages yet.";
    }
  }

  #setQuery(query) {
    if (query === this.#query) return;
    this.#query = query;
    this.#start();
  }

  #onSearchKey(event) {
    if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.#setQuery("");
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      clearTimeout(this.#searchTimer);
      this.#setQuery(this.search.value.trim());
      this.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #row(item) {
    const record = lastOf(item);
    const { icon: kind, text } = preview(record);
    const words = element("span.row-text", { dir: "auto" });
    words.append(highlighted(excerpt(text, this.#query), this.#query));
    const selected = item.last ? item.contact === this.#selected.contact : item.id === this.#selected.messageId;
    const row = element(
      "div.row",
      { "data-contact": item.contact, "aria-selected": String(selected) },
      avatar(item.contact),
      element(
        "span.row-line",
        {},
        element("span.row-name", {}, phoneNumber(item.contact)),
        element("time.row-time", { datetime: record.at, title: exactTime(record.at) }, listTime(record.at)),
      ),
      element(
        "span.row-line.row-preview",
        {},
        isFromUser(record) ? icon("reply", "From the user") : statusMark(record),
        kind && icon(kind, kind),
        words,
        ...(item.last ? conversationBadges(item) : messageBadges(item)),
      ),
    );
    row.classList.toggle("selected", selected);
    return row;
  }
}

const named = (answer, name) => ({ items: answer[name], total: answer.total, next: answer.next });

const badge = (kind, title, ...children) => element(`span.badge.${kind}`, { title }, ...children);

function conversationBadges({ failed, duplicates, messages }) {
  return [
    failed > 0 && badge("danger", plural(failed, "message failed", "messages failed"), icon("alert"), String(failed)),
    duplicates > 0 && badge("warning", plural(duplicates, "duplicate", "duplicates"), icon("copy"), String(duplicates)),
    messages > 1 && badge("count", plural(messages, "message", "messages"), messages.toLocaleString("en")),
  ];
}

function messageBadges(record) {
  return [
    record.error && badge("danger", record.error.message, String(record.error.code)),
    record.duplicate_of && badge("warning", "Duplicate", icon("copy")),
  ];
}

/** The part of a text around the first match, so that the match is in sight. */
function excerpt(text, query) {
  const at = query ? text.toLowerCase().indexOf(query.toLowerCase()) : -1;
  const from = at > 30 ? at - 20 : 0;
  return (from ? "…" : "") + flattened(text.slice(from, from + PREVIEW_LENGTH));
}
