// The e-mail address: confirming it, and changing it with a code sent to the new one.

import { call, freshKey } from "./api.js";
import { answer, ask } from "./dialog.js";
import { $, complain, note, onSubmit, show, sixDigits } from "./page.js";
import { withProof } from "./prove.js";
import { offerResend } from "./resend.js";
import { say } from "./text.js";

const EMAIL = "/v1/accounts/me/email";

let account = null;
/** Sends another code of the kind that the dialog asks for. */
let sendAgain = null;
const tell = offerResend("address", () => sendAgain());

/** Shows the card. */
export function showAddress(shown) {
  account = shown;
  const known = Boolean(account.email_hint);
  $("address").textContent = account.email_hint ?? say("script.no_address");
  show($("confirmed"), known && account.email_confirmed);
  show($("unconfirmed"), known && !account.email_confirmed);
  show($("confirm-address"), known && !account.email_confirmed);
}

/** Confirms the present address with a code sent to it. */
export async function confirmAddress() {
  const send = () => call("POST", `${EMAIL}/confirm`, {}, freshKey());
  let promised;
  try {
    promised = await send();
  } catch (problem) {
    if (problem.code !== "too-many-requests") throw problem;
    // The last one may have been for this, and wait in the mailbox.
    promised = { hint: account.email_hint, resend_at: problem.retry_at, isEarlier: true };
  }
  if (await askForCode(promised, send)) note(say("script.email_confirmed"));
}

/** Changes the address: it is the new one once a code sent there was typed. */
export async function changeAddress() {
  // Only an address that was proven is told with a link that takes it back.
  const undoable = account.email_confirmed;
  show($("new-address-undo"), undoable);
  const begun = await ask($("new-address-dialog"));
  if (!begun) return;
  if (!(await askForCode(begun.promised, begun.send))) return;
  note(say(undoable ? "script.email_changed" : "script.email_changed_unproven"));
}

onSubmit($("new-address-form"), async (typed) => {
  const email = typed.get("email").trim();
  const send = () => withProof(account.factors, () => call("POST", EMAIL, { email }, freshKey()));
  const promised = await send();
  if (promised) answer($("new-address-dialog"), { promised, send });
});

/** Whether a code was sent just now, or one of before may still be good. */
function showSent(isSent) {
  show($("address-sent"), isSent);
  show($("address-earlier"), !isSent);
}

function askForCode(promised, send) {
  sendAgain = async () => {
    const again = await send();
    if (again) showSent(true);
    return again;
  };
  showSent(!promised.isEarlier);
  const asked = ask($("address-dialog"));
  tell(promised);
  return asked;
}

onSubmit($("address-form"), async (typed, key) => {
  const code = sixDigits(typed.get("code"));
  if (!code) return complain($("address-form"), say("script.code_digits"), $("address-code"));
  await call("POST", `${EMAIL}/confirm`, { code }, key);
  answer($("address-dialog"));
});
