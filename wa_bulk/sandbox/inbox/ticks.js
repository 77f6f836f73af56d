import { element, icon } from "./dom.js";
import { STATUS_WORDS } from "./record.js";

const SHAPE = { accepted: "clock", sent: "tick", delivered: "ticks", read: "ticks", failed: "alert" };

/** The mark of a message's status: a clock, one grey tick, two grey, two blue, or a red alert. */
export function statusMark(record) {
  const words = STATUS_WORDS[record.status] ?? record.status;
  return element("span.tick", { "data-status": record.status, title: words }, icon(SHAPE[record.status] ?? "clock", words));
}

export function updateStatusMark(mark, record) {
  mark.replaceWith(statusMark(record));
}
