// The app that a person is on the way to (OpenID Connect). While he signs in or enables 2FA, this
// tab keeps the address of the page that leads there: a path of this site, and of that page alone.

import { call } from "./api.js";
import { goTo } from "./page.js";

const KEPT = "countersign.return";
const PAGE = "/oidc/authorize?";
/** So long may a sign-in with all that belongs to it take; after that nobody is led away. */
const LIFE_MS = 3_600_000;
const AUTHORIZATIONS = "/v1/oidc/authorizations";
/** What an app may say (OpenID Connect Core, 3.1.2.1); all else is none of the API's business. */
const PARAMETERS = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "acr_values",
  "max_age",
  "prompt",
  "response_mode",
  "request",
  "request_uri",
];

/** What says that a request is of no use: malformed, or of no app, or to lead where none wants it. */
export const UNUSABLE = ["invalid-request", "field-refused"];

/** The parameters of these names that an address has; an empty one counts as left out (RFC 6749, 3.1). */
export function read(search, names) {
  const given = new URLSearchParams(search);
  return Object.fromEntries([...given].filter(([name, value]) => names.includes(name) && value));
}

/** The name of a parameter that is there twice, which none may be; undefined where all is well. */
export function doubled(search) {
  const names = [...new URLSearchParams(search).keys()];
  return names.find((name, at) => names.indexOf(name) !== at);
}

/** What the app behind this address asks for. */
export function requestIn(search) {
  return read(search, PARAMETERS);
}

/** Asks the API what comes next. */
export function authorize(request) {
  return call("POST", AUTHORIZATIONS, request);
}

/** Keeps the way to an app: `path`, the name of the `app`, and why the person is sent elsewhere. */
export function keepReturn(way) {
  sessionStorage.setItem(KEPT, JSON.stringify({ began: Date.now(), ...way }));
}

/** The way that is kept, or null. */
export function keptReturn() {
  const way = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const counts = way?.path?.startsWith(PAGE) && way.began + LIFE_MS > Date.now();
  return counts ? way : null;
}

/** Forgets it: the person goes to the app now, or does not want to. */
export function forgetReturn() {
  sessionStorage.removeItem(KEPT);
}

/** Notes that the person has signed in on this way. */
export function signedIn() {
  const way = keptReturn();
  if (way) keepReturn({ ...way, anew: false, signedIn: true });
}

/** Goes on to where the person wanted to go, and says something at the next page of ours. */
export function onward(text) {
  goTo(keptReturn()?.path ?? "/", text);
}

/** Goes to the app. */
export function leave(to) {
  forgetReturn();
  location.replace(to);
}

/** Goes back to the app and tells it that the person does not want to. */
export async function decline(path) {
  const request = requestIn(path.slice(path.indexOf("?")));
  leave((await authorize({ ...request, declined: true })).location);
}

/** The links of other languages go on saying what this address says. */
export function keepQuery() {
  for (const link of document.querySelectorAll("a[hreflang]")) {
    const search = new URLSearchParams(location.search);
    search.set("lang", link.hreflang);
    link.search = search;
  }
}
