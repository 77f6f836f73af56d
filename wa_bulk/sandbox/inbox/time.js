const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

const DAY_MS = 86_400_000;

const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const daysAgo = (date) => Math.round((startOfDay(new Date()) - startOfDay(date)) / DAY_MS);

export const clockTime = (at) => clock.format(new Date(at));
export const exactTime = (at) => exact.format(new Date(at));
export const sameDay = (at, other) => startOfDay(new Date(at)).getTime() === startOfDay(new Date(other)).getTime();

/** "Today", "Yesterday", a weekday of the last week, or the date. */
export function dayName(at) {
  const date = new Date(at);
  const days = daysAgo(date);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return days > 1 && days < 7 ? weekday.format(date) : longDate.format(date);
}

/** The time of a row in a list: the clock today, else the day. */
export function listTime(at) {
  const date = new Date(at);
  const days = daysAgo(date);
  if (days === 0) return clock.format(date);
  return days === 1 ? "Yesterday" : shortDate.format(date);
}

/** "23 h 05 min" for a span in milliseconds. */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
