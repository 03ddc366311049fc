// What the page says: the texts of its language, and times in the reader's own zone.

const texts = JSON.parse(document.getElementById("texts").textContent);
const language = document.documentElement.lang;
const MINUTE_MS = 60_000;
/** A wait shorter than this is told in seconds, a longer one by its end. */
export const COUNTED_SECONDS = 120;

/** The text of `section.key`, with `{name}` filled in; undefined where there is none. */
export function maybe(path, values = {}) {
  const dot = path.indexOf(".");
  const text = texts[path.slice(0, dot)]?.[path.slice(dot + 1)];
  return text?.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The same; a missing text shows its own name, so that it is noticed. */
export function say(path, values) {
  return maybe(path, values) ?? path;
}

/** A moment, as short as it can be: the time alone where it is today. */
export function moment(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const shape = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, shape).format(at);
}

/** A moment with its date, wherever a sentence needs one. */
export function dated(text) {
  const shape = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, shape).format(new Date(text));
}

/** A moment as people wait for it: never told earlier than it is. */
export function fullMinute(text) {
  return new Date(Math.ceil(new Date(text) / MINUTE_MS) * MINUTE_MS);
}

/** Seconds from now to a moment, never told shorter than they are. */
export function secondsTo(at) {
  return Math.ceil((new Date(at) - Date.now()) / 1000);
}

/** A day, in full. */
export function day(text) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(text));
}

/** "In 3 days", "tomorrow". */
export function inDays(days) {
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
}

function tooMany(at) {
  const seconds = Math.max(secondsTo(at), 1);
  if (seconds >= COUNTED_SECONDS) return say("script.too_many", { time: moment(fullMinute(at)) });
  const shape = { style: "unit", unit: "second", unitDisplay: "long" };
  return say("script.wait", { wait: new Intl.NumberFormat(language, shape).format(seconds) });
}

/** What a problem of the API says to the person before the page. */
export function sayProblem(problem) {
  if (problem.code === "too-many-requests") {
    return tooMany(problem.retry_at);
  }
  const values = { field: problem.field, detail: problem.detail ?? problem.title };
  if (problem.until) values.time = moment(fullMinute(problem.until));
  return (
    maybe(`problem.${problem.code}-${problem.reason}`, values) ??
    maybe(`problem.${problem.code}-${problem.field}`, values) ??
    maybe(`problem.${problem.code}`, values) ??
    say("problem.internal")
  );
}
