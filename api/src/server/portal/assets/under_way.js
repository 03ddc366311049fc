// The sign-in under way in this tab, so that a page loaded anew goes on with it. What is kept is the
// public name of it and what it offers: without the cookie, which no script sees, it opens nothing.

const KEPT = "countersign-sign-in";
/** As long as the cookie lives. */
const LIFE_MS = 600_000;

/** Keeps it. */
export function remember(signIn) {
  sessionStorage.setItem(KEPT, JSON.stringify({ began: Date.now(), ...signIn }));
}

/** Forgets it: it is over, or the person starts again. */
export function forget() {
  sessionStorage.removeItem(KEPT);
}

/** The one that was kept; undefined where there is none, or none that can still be alive. */
export function remembered() {
  const signIn = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (signIn && Date.now() - signIn.began < LIFE_MS) return signIn;
  forget();
  return undefined;
}
