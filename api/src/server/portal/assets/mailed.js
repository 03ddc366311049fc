// How far the mail with a code is, told to who waits for it.

import { call } from "./api.js";
import { say } from "./text.js";

/** How often is asked, and from when on it is late. */
const EVERY_MS = 2000;
const LATE_MS = 8000;

/** The asking that still counts: a later code ends it. */
let followed = 0;

/** Says in `element` how far the mail of this sign-in is, until it has left or is given up. */
export function followMail(id, element) {
  const mine = ++followed;
  const began = Date.now();
  element.textContent = say("script.mail_waiting");
  const look = async () => {
    const { mail } = await call("GET", `/v1/sign-ins/${id}/email-code`).catch(() => ({}));
    if (mine !== followed || !mail) return;
    const late = mail === "waiting" && Date.now() - began > LATE_MS;
    element.textContent = say(late ? "script.mail_late" : `script.mail_${mail}`);
    if (mail === "waiting") setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
}
