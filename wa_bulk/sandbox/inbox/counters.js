// The numbers at the top, the request rate over time, and what the sandbox no longer holds.

import { plural } from "./dom.js";

const POINTS = 40;

export class Counters {
  #rates = new Array(POINTS).fill(0);

  constructor() {
    this.line = document.querySelector("#rate-line");
    this.cap = document.querySelector("#cap");
    this.missed = document.querySelector("#missed");
    this.storage = document.querySelector("#storage");
    this.#drawLine();
    // The sandbox reports each second only while something changes; no report means no requests.
    this.idle = null;
  }

  show(stats) {
    for (const name of ["messages", "recipients", "duplicates", "failed"]) {
      document.querySelector(`#count-${name}`).textContent = (stats[name] ?? 0).toLocaleString("en");
    }
    document.querySelector("#counter-duplicates").classList.toggle("none", !stats.duplicates);
    document.querySelector("#counter-failed").classList.toggle("none", !stats.failed);
    this.#addPoint(stats.requests_per_s ?? 0);
    this.cap.hidden = !stats.dropped;
    if (stats.dropped) {
      this.cap.textContent =
        `The newest ${plural(stats.capacity, "message is", "messages are")} kept; ` +
        `${plural(stats.dropped, "older one has", "older ones have")} gone.`;
    }
    this.missed.hidden = !stats.callbacks_missed;
    if (stats.callbacks_missed) {
      this.missed.textContent =
        `${plural(stats.callbacks_missed, "callback was", "callbacks were")} missed: ${stats.callback_error}`;
    }
    this.storage.hidden = !stats.storage_error;
    this.storage.textContent = stats.storage_error ?? "";
    clearInterval(this.idle);
    this.idle = setInterval(() => this.#addPoint(0), 1500);
  }

  #addPoint(rate) {
    this.#rates = [...this.#rates.slice(1), rate];
    const digits = { maximumFractionDigits: rate < 10 ? 1 : 0 };
    document.querySelector("#count-rate").textContent = rate.toLocaleString("en", digits);
    this.#drawLine();
    if (rate === 0 && this.#rates.every((point) => point === 0)) clearInterval(this.idle);
  }

  #drawLine() {
    const highest = Math.max(...this.#rates, 1);
    const point = (rate, index) => `${(index / (POINTS - 1)) * 60},${(19 - (rate / highest) * 17).toFixed(1)}`;
    this.line.setAttribute("points", this.#rates.map(point).join(" "));
  }
}
