// The sign-in under way in this tab, so that a page loaded anew goes on with it. What is kept is the
// public name of it and what it offers: without the cookie, which no script sees, it opens nothing.

const KEPT = "countersign-sign-in";
/**
 * As long as a step of it and its cookie live. Counted from where this browser saw it begin: what
 * the API tells as its end is of another clock.
 */
const LIFE_MS = 600_000;

/** Keeps it. */
export function remember(signIn) {
  sessionStorage.setItem(KEPT, JSON.stringify({ began: Date.now(), ...signIn }));
}

/** Milliseconds that are left of it. */
export function left({ began }) {
  return began + LIFE_MS - Date.now();
}

/** Forgets it: it is over, or the person starts again. */
export function forget() {
  sessionStorage.removeItem(KEPT);
}

/** The one that was kept, or null. */
export function remembered() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}
