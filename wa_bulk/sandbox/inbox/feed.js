// A list read page by page, newest first, whose top can be read again while it grows.

const PAGE = 200;
const KEPT_AT_TOP = 600;

export class Feed {
  items = [];
  total = 0;
  loaded = false;
  #next = null;
  #reading = null;
  #read;
  #key;
  #order;

  /**
   * @param read ({before, limit}, signal) → Promise of {items, total, next}
   * @param key (item) → what makes it the same item
   * @param order (item) → the id its place follows from, newest first
   */
  constructor({ read, key, order }) {
    this.#read = read;
    this.#key = key;
    this.#order = order;
  }

  get hasMore() {
    return this.#next !== null;
  }

  /** Read the newest page again and join what was loaded below it, as long as the two still touch. */
  async refresh() {
    const page = await this.#page({ limit: PAGE });
    if (!page) return false;
    const oldest = page.items.length ? this.#order(page.items.at(-1)) : 0;
    const touches = this.items.length > 0 && oldest <= this.#order(this.items[0]);
    if (page.next === null || !touches) {
      this.items = page.items;
      this.#next = page.next;
    } else {
      const fresh = new Set(page.items.map(this.#key));
      const below = this.items.filter((item) => this.#order(item) < oldest && !fresh.has(this.#key(item)));
      this.items = [...page.items, ...below].slice(0, KEPT_AT_TOP);
      this.#next = below.length ? (this.items.length === KEPT_AT_TOP ? this.#order(this.items.at(-1)) : this.#next) : page.next;
    }
    this.total = page.total;
    this.loaded = true;
    return true;
  }

  /** Read the page below; false where there is none or another read is under way. */
  async readMore() {
    if (!this.hasMore || this.#reading) return false;
    const page = await this.#page({ before: this.#next, limit: PAGE });
    if (!page) return false;
    const known = new Set(this.items.map(this.#key));
    this.items = [...this.items, ...page.items.filter((item) => !known.has(this.#key(item)))];
    this.#next = page.next;
    this.total = page.total;
    return true;
  }

  cancel() {
    this.#reading?.abort();
    this.#reading = null;
  }

  /** A newer read takes the place of one under way; null where that happened to this one. */
  async #page(page) {
    this.cancel();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const answer = await this.#read(page, reading.signal);
      return this.#reading === reading ? answer : null;
    } catch (error) {
      if (error.name === "AbortError") return null;
      throw error;
    } finally {
      if (this.#reading === reading) this.#reading = null;
    }
  }
}
