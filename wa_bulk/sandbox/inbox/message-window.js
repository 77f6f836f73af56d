// The messages of one conversation, oldest first, of which a bounded stretch is in the document.

import { bubble, updateBubble } from "./bubble.js";
import { element } from "./dom.js";
import { dayName, sameDay } from "./time.js";

const MOST_DRAWN = 120;
const STEP = 40;
const NEAR_PX = 600;
const AT_END_PX = 40;

export class MessageWindow {
  records = [];
  #from = 0;
  #to = 0;
  #container;
  #actions;
  #reachedOldest;
  #reachedNewest;

  /**
   * @param container the scrolling element
   * @param actions what a bubble can ask for, see bubble.js
   * @param reachedOldest () → called when the oldest record held comes near; may add more with `addOlder`
   * @param reachedNewest () → the same for the newest, with `addNewer`
   */
  constructor({ container, actions, reachedOldest, reachedNewest }) {
    this.#container = container;
    this.#actions = actions;
    this.#reachedOldest = reachedOldest;
    this.#reachedNewest = reachedNewest;
    container.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // Pictures and the composer change heights after drawing; whoever read the newest message keeps reading it.
    this.atEnd = true;
    new ResizeObserver(() => this.atEnd && this.scrollToEnd()).observe(container);
  }

  /** Show these records, at the newest or around the one with `focusId`. */
  show(records, focusId = null) {
    this.records = records;
    const index = focusId === null ? -1 : records.findIndex((record) => record.id === focusId);
    this.#to = index < 0 ? records.length : Math.min(records.length, index + MOST_DRAWN / 2);
    this.#from = Math.max(0, this.#to - MOST_DRAWN);
    this.#container.replaceChildren(...this.#draw(this.#from, this.#to));
    this.#keepTabStop();
    if (index < 0) this.scrollToEnd();
    else this.reveal(focusId);
  }

  addOlder(records) {
    this.records = [...records, ...this.records];
    this.#from += records.length;
    this.#to += records.length;
    this.#drawOlder();
  }

  /** Add records at the newest end; drawn at once where that end is in sight. */
  addNewer(records) {
    const wasDrawn = this.#to === this.records.length;
    const follow = this.atEnd;
    this.records.push(...records);
    if (!wasDrawn) return;
    if (follow) {
      this.#drawNewer(this.records.length - this.#to);
      this.scrollToEnd();
    } else {
      this.#onScroll();
    }
  }

  /** Let go of records held before the newest `count`; returns how many went. None goes while it may be in sight. */
  forgetAllBut(count) {
    const spare = Math.min(this.records.length - count, this.#from);
    if (spare <= 0) return 0;
    this.records.splice(0, spare);
    this.#from -= spare;
    this.#to -= spare;
    return spare;
  }

  update(record) {
    const article = this.#articleOf(record.id);
    if (article) this.#keepPlace(() => updateBubble(article, record));
  }

  /** Scroll to the record and mark it for a moment; false where it is not held. */
  reveal(id) {
    const index = this.records.findIndex((record) => record.id === id);
    if (index < 0) return false;
    if (index < this.#from || index >= this.#to) {
      this.show(this.records, id);
      return true;
    }
    const article = this.#articleOf(id);
    article.scrollIntoView({ block: "center" });
    this.#onScroll();
    article.classList.add("revealed");
    article.addEventListener("animationend", () => article.classList.remove("revealed"), { once: true });
    this.#focus(article);
    return true;
  }

  scrollToEnd() {
    if (this.#to < this.records.length) this.show(this.records);
    this.#container.scrollTop = this.#container.scrollHeight;
    this.atEnd = true;
  }

  /** Move the focus among the messages; `by` in messages, ±Infinity for the ends of what is drawn. */
  step(by) {
    const articles = [...this.#container.children];
    if (!articles.length) return;
    const now = articles.indexOf(document.activeElement?.closest(".message") ?? this.#tabStop);
    const next = Math.max(0, Math.min(now + by, articles.length - 1));
    this.#focus(articles[next]);
    articles[next].scrollIntoView({ block: "nearest" });
  }

  /** The newest record that is in the document, or null. */
  get newestDrawn() {
    return this.records[this.#to - 1] ?? null;
  }

  /** The record whose message has the focus, or null. */
  get focused() {
    const id = Number(document.activeElement?.closest(".message")?.dataset.id);
    return this.records.find((record) => record.id === id) ?? null;
  }

  get #tabStop() {
    return this.#container.querySelector('.message[tabindex="0"]');
  }

  /** One message takes part in the order of the Tab key: the one last looked at, at first the newest. */
  #keepTabStop() {
    if (!this.#tabStop) this.#container.lastElementChild?.setAttribute("tabindex", "0");
  }

  #focus(article) {
    this.#tabStop?.setAttribute("tabindex", "-1");
    article.setAttribute("tabindex", "0");
    article.focus({ preventScroll: true });
  }

  #articleOf(id) {
    return this.#container.querySelector(`.message[data-id="${Number(id)}"]`);
  }

  #draw(from, to) {
    return this.records.slice(from, to).map((record, offset) => this.#article(record, this.records[from + offset - 1]));
  }

  #article(record, previous) {
    const article = bubble(record, this.#actions);
    if (!previous || !sameDay(previous.at, record.at)) article.prepend(element("div.day", {}, dayName(record.at)));
    return article;
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.#container;
    const below = scrollHeight - scrollTop - clientHeight;
    this.atEnd = below < AT_END_PX && this.#to === this.records.length;
    if (below < NEAR_PX) {
      if (this.#to < this.records.length) this.#drawNewer(STEP);
      else this.#reachedNewest();
    }
    if (scrollTop < NEAR_PX) {
      if (this.#from > 0) this.#drawOlder();
      else this.#reachedOldest();
    }
  }

  #drawOlder() {
    const from = Math.max(0, this.#from - STEP);
    this.#keepPlace(() => {
      const first = this.#container.firstElementChild;
      this.#container.prepend(...this.#draw(from, this.#from));
      // The day above a message may have been named only because nothing was drawn before it.
      if (first && this.#from > 0 && sameDay(this.records[this.#from - 1].at, this.records[this.#from].at)) {
        first.querySelector(".day")?.remove();
      }
      this.#from = from;
      while (this.#to - this.#from > MOST_DRAWN) {
        this.#container.lastElementChild.remove();
        this.#to -= 1;
      }
    });
  }

  #drawNewer(count) {
    const to = Math.min(this.records.length, this.#to + count);
    const from = Math.max(this.#to, to - MOST_DRAWN);
    this.#keepPlace(() => {
      this.#container.append(...this.#draw(from, to));
      this.#to = to;
      const surplus = this.#container.children.length - Math.min(MOST_DRAWN, to);
      for (let index = 0; index < surplus; index += 1) this.#container.firstElementChild.remove();
      this.#from = to - this.#container.children.length;
    });
  }

  /** Change the document without moving what is being read. */
  #keepPlace(change) {
    const edge = this.#container.getBoundingClientRect().top;
    const anchor = [...this.#container.children].find((child) => child.getBoundingClientRect().bottom > edge);
    const before = anchor?.getBoundingClientRect().top;
    const end = this.atEnd;
    change();
    this.#keepTabStop();
    if (end) this.#container.scrollTop = this.#container.scrollHeight;
    else if (anchor?.isConnected) this.#container.scrollTop += anchor.getBoundingClientRect().top - before;
  }
}
