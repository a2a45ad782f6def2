// Times in the reader's own zone and words for days.

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, zone?: string): Intl.DateTimeFormat {
  const key = JSON.stringify([options, zone]);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(undefined, zone === undefined ? options : { ...options, timeZone: zone });
  formats.set(key, made);
  return made;
}

/** `2026-11-20` in the reader's zone. */
export function dayOf(at: number, zone?: string): string {
  const parts = new Map(format({ year: "numeric", month: "2-digit", day: "2-digit", calendar: "gregory", numberingSystem: "latn" }, zone).formatToParts(at).map((part) => [part.type, part.value]));
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}

/** `14:05`, by the reader's habit. */
export const clock = (at: number, zone?: string): string => format({ hour: "2-digit", minute: "2-digit" }, zone).format(at);

/** `Friday, 20 November 2026 at 14:05:09`. */
export const exact = (at: number, zone?: string): string => format({ dateStyle: "full", timeStyle: "medium" }, zone).format(at);

/** `20 Nov 2026, 14:05`. */
export const brief = (at: number, zone?: string): string => format({ dateStyle: "medium", timeStyle: "short" }, zone).format(at);

/** `20 Nov 2026`. */
export const day = (at: number, zone?: string): string => format({ dateStyle: "medium" }, zone).format(at);

/** Which words a day needs: the two near ones have names. */
export function nearDay(at: number, now: number, zone?: string): "today" | "yesterday" | "earlier" {
  const day = dayOf(at, zone);
  if (day === dayOf(now, zone)) return "today";
  return day === dayOf(now - 24 * 3600 * 1000, zone) ? "yesterday" : "earlier";
}

/** `Fri, 20 November`, with the year where it is another one. */
export function longDay(at: number, now: number, zone?: string): string {
  const sameYear = dayOf(at, zone).slice(0, 4) === dayOf(now, zone).slice(0, 4);
  return format({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }, zone).format(at);
}

/** For a row of the list: the time today, the weekday this week, else the date. */
export function shortWhen(at: number, now: number, zone?: string): string {
  if (dayOf(at, zone) === dayOf(now, zone)) return clock(at, zone);
  if (now - at < 6 * 24 * 3600 * 1000 && at < now) return format({ weekday: "short" }, zone).format(at);
  return format({ day: "numeric", month: "short" }, zone).format(at);
}
