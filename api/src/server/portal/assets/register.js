// Registering: account, session, and the address confirmed or left for later.

import { call, freshKey } from "./api.js";
import { $, complain, goTo, onSubmit, show, sixDigits, whoAmI } from "./page.js";
import { say } from "./text.js";

onSubmit($("register"), async (typed, key) => {
  const [login, email, password] = ["login", "email", "password"].map((name) => typed.get(name));
  await call("POST", "/v1/accounts", { login, email, password }, key);
  const outcome = await call("POST", "/v1/sign-ins", { login, password }, freshKey());
  if (outcome.status !== "completed") return goTo("/sign-in");
  await whoAmI();
  await askForCode();
});

async function askForCode() {
  let promised;
  try {
    promised = await call("POST", "/v1/accounts/me/email/confirm", {}, freshKey());
  } catch (problem) {
    // The account is there and open; the address can be confirmed at any time.
    return goTo("/", problem.code === "unauthenticated" ? say("script.cookie_dropped") : undefined);
  }
  $("confirm").querySelector(".address").textContent = promised.hint;
  show($("person"), false);
  show($("confirm"));
  $("confirm").querySelector("h1").focus();
}

onSubmit($("confirm-form"), async (typed, key) => {
  const code = sixDigits(typed.get("code"));
  if (!code) return complain($("confirm-form"), say("script.code_digits"), $("confirm-code"));
  await call("POST", "/v1/accounts/me/email/confirm", { code }, key);
  goTo("/", say("script.email_confirmed"));
});

if (await whoAmI()) location.replace("/account");
