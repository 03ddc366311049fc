// What every page needs: finding, showing, forms, and the head with the profile icon.

import { call, freshKey } from "./api.js";
import { COUNTED_SECONDS, day, fullMinute, inDays, moment } from "./text.js";
import { say, sayProblem, secondsTo } from "./text.js";

const LANGUAGE_COOKIE = "cs_lang";
const NOTE = "countersign-note";
const DAY_MS = 86_400_000;
const YEAR_SECONDS = 31536000;

/** The account that this page shows, where it shows one. */
let shown = null;

/** So few recovery codes are a reason to make new ones. */
export const CODES_LOW = 3;

/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** Shows or hides. */
export function show(element, visible = true) {
  element.hidden = !visible;
}

/** Shows one part of the page in place of another, and leads the reader there. */
export function take(from, to) {
  show(from, false);
  show(to);
  to.querySelector("h1").focus();
}

/** Shows one section of the page alone, and leads the reader there. */
export function showOnly(section) {
  for (const one of document.querySelectorAll("main > section")) show(one, one === section);
  section.querySelector("h1").focus();
}

/** Says something at the top of this page. */
export function note(text) {
  $("note").textContent = text;
  show($("note"));
  $("note").scrollIntoView({ block: "nearest" });
}

/**
 * Lets a button wait until a moment, and says beside it how long that is. A wait that began later
 * takes its place.
 */
export function waitUntil(at, button, beside) {
  clearInterval(Number(button.dataset.waits));
  const tick = () => {
    const seconds = secondsTo(at);
    button.disabled = seconds > 0;
    beside.textContent = seconds > 0 ? wait(at, seconds) : "";
    if (seconds <= 0) clearInterval(Number(button.dataset.waits));
  };
  button.dataset.waits = setInterval(tick, 1000);
  tick();
}

function wait(at, seconds) {
  if (seconds < COUNTED_SECONDS) return say("script.resend_in", { seconds });
  return say("script.resend_at", { time: moment(fullMinute(at)) });
}

/** Goes to another page and says something there. */
export function goTo(path, text) {
  shown = null;
  if (text) sessionStorage.setItem(NOTE, text);
  location.assign(path);
}

/** Six digits, as people type them: with spaces, in two groups. Null where it is something else. */
export function sixDigits(typed) {
  return spelled(typed, /^[0-9]{6}$/);
}

/** A code from a mail of a sign-in: six digits, or eight where it leads to a recovery. */
export function mailedDigits(typed) {
  return spelled(typed, /^[0-9]{6}([0-9]{2})?$/);
}

/** A recovery code: 25 letters and digits without U, in groups or not. */
export function recoveryCode(typed) {
  return spelled(typed, /^[0-9a-tv-z]{25}$/i);
}

function spelled(typed, shape) {
  const bare = typed.replace(/[\s-]/g, "");
  return shape.test(bare) ? bare : null;
}

/** What a form says under its fields. */
export function complain(form, text, field) {
  form.querySelector(".error").textContent = text;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  if (field) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
}

/**
 * Runs `act` when the form is sent. What was typed stays where the act fails, and sending the same
 * again carries the same key, so that an answer that got lost is not a second attempt.
 */
export function onSubmit(form, act, explain = sayProblem) {
  let key = freshKey();
  let sent = "";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    if (button.disabled) return;
    const missing = [...form.querySelectorAll("input[required]")].find((input) => !input.value);
    if (missing) return complain(form, say("script.empty"), missing);
    const typed = JSON.stringify([...new FormData(form)]);
    if (typed !== sent) [key, sent] = [freshKey(), typed];
    complain(form, "");
    button.disabled = true;
    try {
      await act(new FormData(form), key);
    } catch (problem) {
      if (!["network", "unavailable"].includes(problem.code)) sent = "";
      complain(form, explain(problem), form.elements[problem.field]);
      if (!problem.code) throw problem;
    } finally {
      button.disabled = false;
    }
  });
}

/** Runs `act` at a click, then `done`; says what went wrong. */
export function on(button, act, done) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    show($("note"), false);
    try {
      await act();
      await done();
    } catch (problem) {
      if (!sessionOver(problem)) note(sayProblem(problem));
    } finally {
      button.disabled = false;
    }
  });
}

/** Says from when on everybody needs a second factor, to who has none. */
export function showRequired(account) {
  const from = account.two_factor_required_from;
  show($("required"), Boolean(from) && !account.two_factor_enabled);
  if (!from) return;
  const days = Math.ceil((new Date(from) - Date.now()) / DAY_MS);
  const values = { date: day(from), days: inDays(days) };
  $("required").textContent = say(days > 0 ? "script.required_from" : "script.required_now", values);
}

/** Fills the head: the profile icon for who is signed in. Resolves to the session, or null. */
export async function whoAmI() {
  chooseLanguage();
  const left = sessionStorage.getItem(NOTE);
  if (left) note(left);
  sessionStorage.removeItem(NOTE);
  let session = null;
  try {
    session = await call("GET", "/v1/session");
  } catch (problem) {
    if (problem.code !== "unauthenticated") note(sayProblem(problem));
  }
  show($("profile"), session !== null);
  show($("guest-nav"), session === null);
  return session;
}

/** What the account's holder may know. */
export async function myAccount() {
  const account = await call("GET", "/v1/accounts/me");
  $("profile-login").textContent = account.login ?? "";
  nameHolder(account.login ?? "");
  shown = account.account_id;
  return account;
}

/**
 * One browser has one session, whichever tab it was begun in. A page that shows another account
 * than that one's, or one that was signed out, is loaded anew when somebody comes back to it.
 */
async function isStillOurs() {
  if (!shown || document.hidden) return;
  // Recovery codes are shown only once; and in a dialog a session may be taking a new token.
  const open = document.querySelector("dialog[open]");
  try {
    const { account_id } = await call("GET", "/v1/session");
    if (shown && account_id !== shown && open?.id !== "codes-dialog") location.reload();
  } catch (problem) {
    if (shown && problem.code === "unauthenticated" && !open) location.reload();
  }
}

for (const event of ["focus", "pageshow"]) addEventListener(event, isStillOurs);
document.addEventListener("visibilitychange", isStillOurs);

/** Tells password managers whose password the forms of this page are about. */
export function nameHolder(login) {
  // The attribute, so that a form which is reset goes on to say so.
  for (const field of document.querySelectorAll(".holder")) field.setAttribute("value", login);
}

/** Signing in again is all that helps where the session is over. */
export function sessionOver(problem) {
  if (problem.code !== "unauthenticated") return false;
  goTo("/sign-in", say("script.session_over"));
  return true;
}

function chooseLanguage() {
  const url = new URL(location.href);
  const chosen = url.searchParams.get("lang");
  if (chosen !== document.documentElement.lang) return;
  document.cookie = `${LANGUAGE_COOKIE}=${chosen}; Path=/; Secure; SameSite=Lax; Max-Age=${YEAR_SECONDS}`;
  url.searchParams.delete("lang");
  history.replaceState(history.state, "", url);
}

$("sign-out").addEventListener("click", async () => {
  shown = null;
  try {
    await call("DELETE", "/v1/session");
  } catch (problem) {
    if (problem.code !== "unauthenticated") return note(sayProblem(problem));
  }
  goTo("/", say("script.signed_out"));
});

/** Shows what is typed into the field of this button, or hides it again. */
export function reveal(button, visible) {
  $(button.dataset.reveal).type = visible ? "text" : "password";
  button.textContent = say(visible ? "script.conceal" : "script.reveal");
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  button.addEventListener("click", () => {
    const field = $(button.dataset.reveal);
    reveal(button, field.type === "password");
    field.focus();
  });
}

document.addEventListener("click", (event) => {
  if (!$("profile").contains(event.target)) $("profile").open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !$("profile").open) return;
  $("profile").open = false;
  $("profile").querySelector("summary").focus();
});
