// Signing in: the password, a code in one of the ways that the API offers, and what an account may
// have to do before it is let in.

import { call, freshKey } from "./api.js";
import { decline, keptReturn, onward, signedIn } from "./app.js";
import { enrol, freshName, keep } from "./enable.js";
import { followMail } from "./mailed.js";
import { $, CODES_LOW, complain, mailedDigits, myAccount, nameHolder, note } from "./page.js";
import { onSubmit, recoveryCode, show, sixDigits, waitUntil, whoAmI } from "./page.js";
import { dated, say, sayProblem, secondsTo } from "./text.js";
import { forget, left, remember, remembered } from "./under_way.js";

const WAYS = ["totp", "email_code", "recovery_code"];
/** Where each outcome leads that is no session yet. */
const PARTS = {
  second_factor_required: "second",
  password_change_required: "renewal",
  enrolment_required: "enrolment",
};

/** Codes that a sign-in may have refused, before the API refuses all. */
const FAILED_MAX = 5;

/** No wait for a password is longer, though clocks differ by minutes: a longer one ends by mail. */
const WAIT_SECONDS_MAX = 3900;

/** Of each way its field, how that is read, and what is said where nothing can be read there. */
const FIELDS = {
  totp: ["code", sixDigits, "script.code_digits"],
  email_code: ["code", mailedDigits, "script.mailed_digits"],
  recovery_code: ["recovery", recoveryCode, "script.recovery_chars"],
};

/** The buttons that send a code, each with what says how long it waits. */
const SENDERS = [
  [$("send-code"), $("send-at")],
  [$("resend"), $("resend-at")],
];

/** The sign-in under way: its name, what it offers, which way is being gone. */
let signIn = { id: null, methods: [], way: "totp" };

/** Ends the sign-in when its time is over. */
let timer = null;

/** The app that this sign-in leads to, if any. */
const toApp = keptReturn();

/** Goes back to the first step, and says why. */
function startAgain(why) {
  clearTimeout(timer);
  forget();
  $("enable-dialog").close();
  for (const part of Object.values(PARTS)) show($(part), false);
  show($("first"));
  complain($("password-form"), why);
  $("login").focus();
}

/** The API says no more than that it failed; of these steps only a sign-in that is over can. */
function sayOver(problem) {
  if (problem.code !== "authentication-failed") return sayProblem(problem);
  startAgain(say("script.sign_in_over"));
  return "";
}

/** One more code was refused; the last one that may be, or one after its time, ends the sign-in. */
function sayFailed(problem) {
  if (problem.code !== "authentication-failed") return sayProblem(problem);
  signIn.failed = (signIn.failed ?? 0) + 1;
  remember(signIn);
  if (signIn.failed >= FAILED_MAX || left(signIn) <= 0) return sayOver(problem);
  return say(signIn.failed > 1 ? "script.failed_again" : "problem.authentication-failed");
}

onSubmit(
  $("password-form"),
  async (typed, key) => {
    const [login, password] = [typed.get("login"), typed.get("password")];
    nameHolder(login);
    show($("closed"), false);
    await go(await call("POST", "/v1/sign-ins", { login, password }, key));
  },
  (problem) => {
    if (problem.code === "authentication-failed") return say("problem.sign-in-failed");
    const closed = problem.code === "too-many-requests" && secondsTo(problem.retry_at) > WAIT_SECONDS_MAX;
    show($("closed"), closed);
    return closed ? say("script.closed", { time: dated(problem.retry_at) }) : sayProblem(problem);
  },
);

/** Goes on to what the outcome asks for, and says what was done, where it is worth saying. */
async function go(outcome, done) {
  if (outcome.status === "completed") return enter(outcome.session, done);
  if (done) note(done);
  const { status, id, methods = [] } = outcome;
  const way = WAYS.find((one) => methods.some(({ method }) => method === one)) ?? "totp";
  resume({ status, id, methods, way, began: Date.now() });
}

/** Shows where a sign-in stands. */
function resume(underWay) {
  signIn = underWay;
  remember(signIn);
  clearTimeout(timer);
  timer = setTimeout(() => startAgain(say("script.sign_in_over")), left(signIn));
  $("password").value = "";
  show($("first"), false);
  for (const part of Object.values(PARTS)) show($(part), part === PARTS[signIn.status]);
  if (signIn.status !== "second_factor_required") {
    return $(PARTS[signIn.status]).querySelector("h1").focus();
  }
  $("factor").replaceChildren(...offered("totp").map((app) => new Option(app.name, app.factor_id)));
  take(signIn.way);
  if (signIn.promised) promise(signIn.promised);
}

function offered(way) {
  return signIn.methods.filter((one) => one.method === way);
}

/** Shows one way to answer, and offers the others. */
function take(way) {
  signIn.way = way;
  remember(signIn);
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
  $(FIELDS[way][0]).focus();
}

onSubmit(
  $("code-form"),
  async (typed, key) => {
    const method = signIn.way;
    const [field, read, otherwise] = FIELDS[method];
    const code = read(typed.get(field));
    if (!code) return complain($("code-form"), say(otherwise), $(field));
    const answer = { method, code };
    if (method === "totp" && offered("totp").length > 1) answer.factor_id = typed.get("factor");
    await go(await call("POST", `/v1/sign-ins/${signIn.id}/answers`, answer, key));
  },
  sayFailed,
);

async function sendCode() {
  const { promised } = signIn;
  // What was sent just now is to be typed; the next one can be had beside it.
  if (promised && secondsTo(promised.resend_at) > 0) return askForMailed();
  for (const [button] of SENDERS) button.disabled = true;
  try {
    const path = `/v1/sign-ins/${signIn.id}/email-code`;
    signIn.promised = await call("POST", path, {}, freshKey());
    $("send-code").disabled = false;
    askForMailed();
  } catch (problem) {
    const waits = problem.code === "too-many-requests";
    complain($("code-form"), waits ? say("script.no_code_yet") : sayOver(problem));
    for (const [button, beside] of SENDERS) {
      button.disabled = false;
      if (waits) waitUntil(problem.retry_at, button, beside);
    }
  }
}

function askForMailed() {
  if (signIn.way !== "email_code") take("email_code");
  remember(signIn);
  promise(signIn.promised);
}

/** Says where the code went, and when another may be sent. */
function promise({ hint, resend_at }) {
  $("hint").textContent = hint || say("script.your_address");
  followMail(signIn.id, $("mail-state"));
  waitUntil(resend_at, $("resend"), $("resend-at"));
}

onSubmit(
  $("renewal-form"),
  async (typed, key) => {
    const password = typed.get("password");
    const outcome = await call("POST", `/v1/sign-ins/${signIn.id}/password`, { password }, key);
    await go(outcome, say("script.password_set"));
  },
  sayOver,
);

onSubmit(
  $("enrolment-form"),
  async (_, key) => {
    const factors = `/v1/sign-ins/${signIn.id}/factors`;
    const activated = await enrol({
      begin: () => call("POST", factors, { kind: "totp", name: freshName() }, key),
      activate: (factor, code, sent) => call("POST", `${factors}/${factor}/activate`, { code }, sent),
      explain: sayFailed,
    });
    if (!activated) return;
    clearTimeout(timer);
    forget();
    const login = await myAccount().then((account) => account.login, () => "");
    await keep(activated.recovery_codes, { login, wait: true });
    await enter(activated.session);
  },
  sayOver,
);

/** There is a session; what is worth saying is said on the next page. */
async function enter(session, done) {
  clearTimeout(timer);
  forget();
  let account;
  try {
    account = await myAccount();
  } catch (problem) {
    if (problem.code !== "unauthenticated") return onward();
    return startAgain(say("script.cookie_dropped"));
  }
  const recovered = session.amr.some((proof) => proof.endsWith(":recovery_code"));
  const used = [say("script.signed_in_recovery"), codesLeft(account.recovery_codes_left)];
  signedIn();
  onward([done, ...(recovered ? used : [])].filter(Boolean).join(" "));
}

/** Says which app asks, and what for. */
function showApp({ app, anew, weak }) {
  const why = weak ? "app.stronger" : anew ? "app.sign_in_again" : "app.sign_in";
  $("for-app").textContent = say(why, { app });
  $("decline").textContent = say("app.decline", { app });
  for (const id of ["for-app", "declining"]) show($(id));
}

$("decline").addEventListener("click", () =>
  decline(toApp.path).catch((problem) => note(sayProblem(problem))),
);

function codesLeft(count) {
  if (count === 0) return say("script.left_none");
  if (count === 1) return say("script.left_one");
  return say(count <= CODES_LOW ? "script.left_few" : "script.left", { count });
}

$("send-code").addEventListener("click", sendCode);
$("resend").addEventListener("click", sendCode);
$("use-recovery").addEventListener("click", () => take("recovery_code"));
$("use-totp").addEventListener("click", () => take("totp"));
for (const again of document.querySelectorAll("a[href='/sign-in']")) {
  again.addEventListener("click", forget);
}

if (toApp) showApp(toApp);
if ((await whoAmI()) && !toApp?.anew) {
  forget();
  location.replace(toApp?.path ?? "/account");
} else {
  const underWay = remembered();
  if (underWay && left(underWay) > 0) resume(underWay);
  else if (underWay) startAgain(say("script.sign_in_over"));
}
