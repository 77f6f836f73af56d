// A list of equal rows of which only those in sight, and a few more, are in the document.

const OVERSCAN = 6;
const NEAR_END = 60;
const SLIP_PX = 10;

export class VirtualList {
  #container;
  #canvas;
  #rowHeight;
  #draw;
  #reached;
  #items = [];
  #rows = new Map();
  #active = -1;
  #scheduled = false;

  /**
   * @param container the scrolling element, role listbox
   * @param rowHeight px
   * @param draw (item) → element of a row
   * @param key (item) → string, the same for the same row
   * @param choose (item) → called on click and Enter
   * @param nearEnd () → called when the last rows come into sight
   */
  constructor({ container, rowHeight, draw, key, choose, nearEnd }) {
    this.#container = container;
    this.#rowHeight = rowHeight;
    this.#draw = draw;
    this.key = key;
    this.choose = choose;
    this.#reached = nearEnd;
    this.#canvas = document.createElement("div");
    this.#canvas.className = "canvas";
    this.#canvas.setAttribute("role", "presentation");
    container.append(this.#canvas);
    container.addEventListener("scroll", () => this.#schedule(), { passive: true });
    container.addEventListener("keydown", (event) => this.#onKey(event));
    container.addEventListener("focus", () => this.#active < 0 && this.activate(0));
    this.#listenToPointer();
    new ResizeObserver(() => this.#schedule()).observe(container);
  }

  get items() {
    return this.#items;
  }

  get atTop() {
    return this.#container.scrollTop < this.#rowHeight;
  }

  /** Show these items. `total` is how many there are in all, loaded or not. The active row stays with its item. */
  show(items, total = items.length) {
    const activeItem = this.#items[this.#active];
    this.#items = items;
    this.total = total;
    this.#active = activeItem === undefined ? -1 : items.findIndex((item) => this.key(item) === this.key(activeItem));
    this.#canvas.style.height = `${items.length * this.#rowHeight}px`;
    this.#render();
  }

  /** Draw the rows in sight again: for all of them, or for the one with this key. */
  redraw(key = null) {
    if (key === null) this.#rows.clear();
    else this.#rows.delete(key);
    this.#schedule();
  }

  scrollToTop() {
    this.#container.scrollTop = 0;
    this.#schedule();
  }

  activate(index) {
    if (!this.#items.length) return;
    this.#active = Math.max(0, Math.min(index, this.#items.length - 1));
    const top = this.#active * this.#rowHeight;
    const seen = this.#container.clientHeight;
    if (top < this.#container.scrollTop) this.#container.scrollTop = top;
    else if (top + this.#rowHeight > this.#container.scrollTop + seen) this.#container.scrollTop = top + this.#rowHeight - seen;
    this.#render();
  }

  step(by) {
    this.activate(this.#active + by);
  }

  /** Rows are drawn anew as news comes. A browser gives no click when that falls between press and release. */
  #listenToPointer() {
    let pressed = null;
    this.#canvas.addEventListener("pointerdown", (event) => {
      const offset = event.clientY - this.#canvas.getBoundingClientRect().top;
      const item = this.#items[Math.floor(offset / this.#rowHeight)];
      pressed = event.button === 0 && item !== undefined ? { item, x: event.clientX, y: event.clientY } : null;
    });
    this.#container.addEventListener("pointerup", (event) => {
      if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < SLIP_PX) {
        this.#chooseAt(this.#items.findIndex((item) => this.key(item) === this.key(pressed.item)));
      }
      pressed = null;
    });
    this.#container.addEventListener("pointercancel", () => (pressed = null));
    // Screen readers press without a pointer.
    this.#canvas.addEventListener("click", (event) => {
      if (event.detail === 0) this.#chooseAt(Number(event.target.closest("[data-index]")?.dataset.index ?? -1));
    });
  }

  #chooseAt(index) {
    const item = this.#items[index];
    if (item === undefined) return;
    this.activate(index);
    this.choose(item);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#container.clientHeight / this.#rowHeight) - 1);
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) this.step(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.#chooseAt(this.#active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#render();
    });
  }

  #render() {
    const { scrollTop, clientHeight } = this.#container;
    const first = Math.max(0, Math.floor(scrollTop / this.#rowHeight) - OVERSCAN);
    const last = Math.min(this.#items.length, Math.ceil((scrollTop + clientHeight) / this.#rowHeight) + OVERSCAN);
    const kept = new Map();
    for (let index = first; index < last; index += 1) {
      const item = this.#items[index];
      const key = this.key(item);
      const known = this.#rows.get(key);
      const row = known?.item === item ? known.row : this.#draw(item);
      this.#place(row, index);
      kept.set(key, { item, row });
    }
    const wanted = new Set([...kept.values()].map(({ row }) => row));
    for (const row of [...this.#canvas.children]) if (!wanted.has(row)) row.remove();
    // Rows stand by their own offset; in the document they follow each other in order for those who read it aloud.
    let place = this.#canvas.firstChild;
    for (const row of wanted) {
      if (row === place) place = place.nextSibling;
      else this.#canvas.insertBefore(row, place);
    }
    this.#rows = kept;
    const active = this.#rows.get(this.#active >= 0 ? this.key(this.#items[this.#active]) : null);
    if (active) this.#container.setAttribute("aria-activedescendant", active.row.id);
    else this.#container.removeAttribute("aria-activedescendant");
    if (last > this.#items.length - NEAR_END) this.#reached();
  }

  #place(row, index) {
    row.dataset.index = String(index);
    row.id = `${this.#container.id}-row-${index}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(Math.max(this.total ?? 0, this.#items.length)));
    row.classList.toggle("active", index === this.#active);
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
  }
}
