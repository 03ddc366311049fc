// Registering: account, session, and the address confirmed or left for later.

import { call, freshKey } from "./api.js";
import { keptReturn, onward, signedIn } from "./app.js";
import { $, complain, goTo, onSubmit, sessionOver, show, sixDigits, whoAmI } from "./page.js";
import { offerResend } from "./resend.js";
import { say, sayProblem } from "./text.js";
import { remember } from "./under_way.js";

const CONFIRM = "/v1/accounts/me/email/confirm";

const send = () => call("POST", CONFIRM, {}, freshKey());
const tell = offerResend("confirm", send);

onSubmit($("register"), async (typed, key) => {
  const [login, email, password] = ["login", "email", "password"].map((name) => typed.get(name));
  await call("POST", "/v1/accounts", { login, email, password }, key);
  const outcome = await call("POST", "/v1/sign-ins", { login, password }, freshKey());
  if (outcome.status !== "completed") return goOn(outcome);
  await whoAmI();
  signedIn();
  await askForCode();
});

/** An account may have to do more before it is let in: the sign-in page knows how. */
function goOn({ status, id, methods = [] }) {
  remember({ status, id, methods, way: "totp", began: Date.now() });
  goTo("/sign-in");
}

async function askForCode() {
  let promised;
  try {
    promised = await send();
  } catch (problem) {
    // The account is there and open; the address can be confirmed at any time.
    if (problem.code === "unauthenticated") return goTo("/", say("script.cookie_dropped"));
    return onward();
  }
  $("new-password").value = "";
  $("skip").href = keptReturn()?.path ?? "/";
  show($("person"), false);
  show($("confirm"));
  tell(promised);
  // What it is for is read out with it, and whoever has the mail already can type at once.
  $("confirm-code").focus();
}

onSubmit(
  $("confirm-form"),
  async (typed, key) => {
    const code = sixDigits(typed.get("code"));
    if (!code) return complain($("confirm-form"), say("script.code_digits"), $("confirm-code"));
    await call("POST", CONFIRM, { code }, key);
    onward(say("script.email_confirmed"));
  },
  (problem) => (sessionOver(problem) ? "" : sayProblem(problem)),
);

if (await whoAmI()) location.replace(keptReturn()?.path ?? "/account");
