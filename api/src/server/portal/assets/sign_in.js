// Signing in: the password, then a code in one of the ways that the API offers.

import { call, freshKey } from "./api.js";
import { $, complain, goTo, myAccount, onSubmit, show, sixDigits, whoAmI } from "./page.js";
import { moment, say, sayProblem } from "./text.js";

const WAYS = ["totp", "email_code", "recovery_code"];

/** The sign-in under way: its name, what it offers, which way is being gone. */
const signIn = { id: null, methods: [], way: "totp" };

onSubmit(
  $("password-form"),
  async (typed, key) => {
    const [login, password] = [typed.get("login"), typed.get("password")];
    const outcome = await call("POST", "/v1/sign-ins", { login, password }, key);
    if (outcome.status === "completed") return enter(outcome.session);
    signIn.id = outcome.id;
    signIn.methods = outcome.methods;
    $("password").value = "";
    askForCode();
  },
  (problem) =>
    problem.code === "authentication-failed" ? say("problem.sign-in-failed") : sayProblem(problem),
);

function askForCode() {
  const apps = offered("totp");
  for (const app of apps) $("factor").add(new Option(app.name, app.factor_id));
  show($("first"), false);
  show($("second"));
  take(WAYS.find((way) => offered(way).length > 0) ?? "totp");
}

function offered(way) {
  return signIn.methods.filter((one) => one.method === way);
}

/** Shows one way to answer, and offers the others. */
function take(way) {
  signIn.way = way;
  for (const part of $("second").querySelectorAll("[data-way]")) {
    show(part, part.dataset.way.split(" ").includes(way));
  }
  for (const part of $("second").querySelectorAll("[data-offer]")) {
    const other = part.dataset.offer;
    show(part, other === "resend" ? way === "email_code" : other !== way && offered(other).length > 0);
  }
  show($("which"), way === "totp" && offered("totp").length > 1);
  complain($("code-form"), "");
  for (const input of [$("code"), $("recovery")]) input.value = "";
  (way === "recovery_code" ? $("recovery") : $("code")).focus();
}

onSubmit($("code-form"), async (typed, key) => {
  const method = signIn.way;
  const byHand = method === "recovery_code";
  const field = byHand ? $("recovery") : $("code");
  const code = byHand ? typed.get("recovery").trim() : sixDigits(typed.get("code"));
  if (!code) return complain($("code-form"), say(byHand ? "script.empty" : "script.code_digits"), field);
  const answer = { method, code };
  if (method === "totp" && offered("totp").length > 1) answer.factor_id = typed.get("factor");
  const outcome = await call("POST", `/v1/sign-ins/${signIn.id}/answers`, answer, key);
  await enter(outcome.session);
});

async function sendCode() {
  for (const button of [$("send-code"), $("resend")]) button.disabled = true;
  try {
    const promised = await call("POST", `/v1/sign-ins/${signIn.id}/email-code`, {}, freshKey());
    if (signIn.way !== "email_code") take("email_code");
    $("hint").textContent = promised.hint;
    waitToResend(promised.resend_at);
  } catch (problem) {
    const tooSoon = problem.code === "too-many-requests";
    const again = tooSoon && say("script.resend_at", { time: moment(problem.retry_at) });
    complain($("code-form"), again || sayProblem(problem));
    $("resend").disabled = false;
  } finally {
    $("send-code").disabled = false;
  }
}

function waitToResend(at) {
  const wait = Math.max(0, new Date(at) - Date.now());
  $("resend-at").textContent = say("script.resend_at", { time: moment(at) });
  setTimeout(() => {
    $("resend").disabled = false;
    $("resend-at").textContent = "";
  }, wait);
}

/** There is a session; what is worth saying is said on the next page. */
async function enter(session) {
  let account;
  try {
    account = await myAccount();
  } catch (problem) {
    if (problem.code !== "unauthenticated") return goTo("/");
    show($("second"), false);
    show($("first"));
    return complain($("password-form"), say("script.cookie_dropped"));
  }
  const recovered = session.amr.some((proof) => proof.endsWith(":recovery_code"));
  if (!recovered) return goTo("/");
  goTo("/", `${say("script.signed_in_recovery")} ${codesLeft(account.recovery_codes_left)}`);
}

function codesLeft(count) {
  if (count === 0) return say("script.left_none");
  return count === 1 ? say("script.left_one") : say("script.left", { count });
}

$("send-code").addEventListener("click", sendCode);
$("resend").addEventListener("click", sendCode);
$("use-recovery").addEventListener("click", () => take("recovery_code"));
$("use-totp").addEventListener("click", () => take("totp"));

if (await whoAmI()) location.replace("/account");
