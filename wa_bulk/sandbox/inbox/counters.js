// The numbers at the top, the course of arrivals, and what the sandbox no longer holds.

import { plural } from "./dom.js";

const POINTS = 40;

export class Counters {
  #arrivals = new Array(POINTS).fill(0);

  constructor() {
    this.line = document.querySelector("#arrivals-line");
    this.cap = document.querySelector("#cap");
    this.#drawLine();
    // The sandbox reports each second only while something changes; silence means that nothing arrives.
    this.quiet = null;
  }

  show(stats) {
    for (const name of ["messages", "recipients", "duplicates", "failed"]) {
      document.querySelector(`#count-${name}`).textContent = (stats[name] ?? 0).toLocaleString("en");
    }
    document.querySelector("#counter-duplicates").classList.toggle("none", !stats.duplicates);
    document.querySelector("#counter-failed").classList.toggle("none", !stats.failed);
    this.#addPoint(stats.arrivals_per_s ?? 0);
    this.cap.hidden = !stats.dropped;
    if (stats.dropped) {
      this.cap.textContent =
        `The newest ${plural(stats.capacity, "message is", "messages are")} kept; ` +
        `${plural(stats.dropped, "older one has", "older ones have")} gone.`;
    }
    clearInterval(this.quiet);
    this.quiet = setInterval(() => this.#addPoint(0), 1500);
  }

  #addPoint(rate) {
    this.#arrivals = [...this.#arrivals.slice(1), rate];
    const digits = { maximumFractionDigits: rate < 10 ? 1 : 0 };
    document.querySelector("#count-arrivals").textContent = rate.toLocaleString("en", digits);
    this.#drawLine();
    if (rate === 0 && this.#arrivals.every((point) => point === 0)) clearInterval(this.quiet);
  }

  #drawLine() {
    const highest = Math.max(...this.#arrivals, 1);
    const point = (rate, index) => `${(index / (POINTS - 1)) * 60},${(19 - (rate / highest) * 17).toFixed(1)}`;
    this.line.setAttribute("points", this.#arrivals.map(point).join(" "));
  }
}
