// The sandbox's server-sent events, gathered into batches so that a campaign's thousands a second redraw a few times only.

import * as api from "./api.js";

const BATCH_MS = 120;
const LARGEST_BATCH = 2000;
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 8000;

/**
 * Follow the events until the page goes. `handlers`:
 * `batch({records, statuses})`, `reload()` when there was too much to tell one by one, `stats(stats)`, `cleared()`,
 * `connected(isFirst)`, after which anything may have changed, and `unavailable()`.
 */
export function follow(handlers) {
  let retryMs = RETRY_FIRST_MS;
  let source = null;
  let connectedBefore = false;
  let records = [];
  let statuses = [];
  let timer = null;
  let overflowed = false;

  const flush = () => {
    timer = null;
    const batch = { records, statuses };
    records = [];
    statuses = [];
    if (overflowed) {
      overflowed = false;
      handlers.reload();
    } else {
      handlers.batch(batch);
    }
  };
  const gather = (list, item) => {
    // A page in a hidden tab is woken seldom; past a bound it is cheaper to read all anew than to hold every event.
    if (records.length + statuses.length >= LARGEST_BATCH) {
      overflowed = true;
      records = [];
      statuses = [];
    } else if (!overflowed) {
      list().push(item);
    }
    timer ??= setTimeout(flush, BATCH_MS);
  };
  const connect = () => {
    source = new EventSource(api.eventsUrl());
    source.addEventListener("open", () => {
      retryMs = RETRY_FIRST_MS;
      handlers.connected(!connectedBefore);
      connectedBefore = true;
    });
    source.addEventListener("error", () => {
      handlers.unavailable();
      // The browser retries by itself at its own pace, and not at all after a refusal; one way to come back is enough.
      source.close();
      setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS);
    });
    source.addEventListener("message", (event) => receive("message", event));
    for (const name of ["status", "stats", "cleared", "reload"]) source.addEventListener(name, (event) => receive(name, event));
  };
  const receive = (name, event) => {
    if (name === "cleared") {
      records = [];
      statuses = [];
      handlers.cleared();
      return;
    }
    if (name === "reload") {
      handlers.reload();
      return;
    }
    let data;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    if (name === "message") gather(() => records, data);
    else if (name === "status") gather(() => statuses, data);
    else handlers.stats(data);
  };
  connect();
}
