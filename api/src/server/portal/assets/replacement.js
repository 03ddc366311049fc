// The phone is lost and so are the recovery codes: a new authenticator, after a day in which the
// holder of the account can stop it.

import { call, freshKey } from "./api.js";
import { answer, ask } from "./dialog.js";
import { enrol, keep } from "./enable.js";
import { $, note, onSubmit, show } from "./page.js";
import { withProof } from "./prove.js";
import { dated, fullMinute, say } from "./text.js";

const FACTORS = "/v1/accounts/me/factors";
const REPLACEMENT = `${FACTORS}/replacement`;

/** Shows what is pending, and to whom came in by e-mail that it can be asked for. */
export function showReplacement(session, account) {
  const { replacement } = account;
  const byEmail = session.assurance === "email_code";
  show($("lost-phone"), byEmail && account.two_factor_enabled && !replacement);
  show($("replacement"), Boolean(replacement));
  if (!replacement) return;
  $("replacement-when").textContent = say("script.replacement_when", {
    asked: dated(replacement.requested_at),
    due: dated(fullMinute(replacement.due_at)),
    end: dated(replacement.expires_at),
  });
  show($("replacement-now"), replacement.due && !byEmail);
  show($("replace-now"), replacement.due && byEmail);
}

/** Asks for it, once it is said again what that means. */
export async function askForReplacement() {
  const pending = await ask($("replace-dialog"));
  if (pending) note(say("script.replacement_asked", { due: dated(fullMinute(pending.due_at)) }));
}

onSubmit($("replace-form"), async (_, key) => {
  answer($("replace-dialog"), await call("POST", REPLACEMENT, {}, key));
});

/** Stops it. */
export async function cancelReplacement() {
  await call("DELETE", REPLACEMENT);
  note(say("script.replacement_cancelled"));
}

/** Sets up the new authenticator; the old ones end with its first code. */
export async function replaceNow(account) {
  const name = say("enable.name_value");
  const begin = () => call("POST", FACTORS, { kind: "totp", name }, freshKey());
  const activated = await enrol({
    begin: () => withProof(account.factors, begin),
    activate: (factor, code, key) => call("POST", `${FACTORS}/${factor}/activate`, { code }, key),
    title: say("enable.replace_title"),
    submit: say("enable.replace_submit"),
  });
  if (!activated) return;
  await keep(activated.recovery_codes, {
    login: account.login,
    title: say("enable.replaced_title"),
    wait: true,
  });
}
