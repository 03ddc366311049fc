// Account settings: authenticators, recovery codes, address, sessions, history.

import { call, freshKey } from "./api.js";
import { answer, ask } from "./dialog.js";
import { enable, keep } from "./enable.js";
import { more, showHistory } from "./history.js";
import { $, complain, myAccount, note, onSubmit, sessionOver, show, sixDigits, whoAmI } from "./page.js";
import { withProof } from "./prove.js";
import { maybe, moment, say, sayProblem } from "./text.js";

const ME = "/v1/accounts/me";

let account = null;

async function showAll() {
  const session = await call("GET", "/v1/session");
  account = await myAccount();
  const on = account.two_factor_enabled;
  show($("by-email"), session.assurance === "email_code");
  show($("state-off"), !on);
  show($("state-on"), on);
  show($("enable"), !on);
  show($("add"), on);
  show($("recovery-card"), on);
  $("codes-left").textContent = say("script.left", { count: account.recovery_codes_left });
  $("factors").replaceChildren(...account.factors.map(factorRow));
  show($("address-card"), Boolean(account.email_hint));
  $("address").textContent = account.email_hint ?? "";
  show($("confirmed"), account.email_confirmed);
  show($("unconfirmed"), !account.email_confirmed);
  show($("confirm-address"), !account.email_confirmed);
  // Such a session has no way to the proof that these ask for.
  const mayChange = session.assurance !== "email_code";
  for (const button of document.querySelectorAll(".rename, .remove, #add, #enable, #renew")) {
    button.disabled = !mayChange;
  }
  showLocks();
  await showSessions();
  await showHistory();
  show($("settings"));
}

function showLocks() {
  const items = account.locks.map((lock) => {
    const text = say("script.locked", { method: say(`method.${lock.method}`), time: moment(lock.until) });
    return Object.assign(document.createElement("li"), { textContent: text });
  });
  $("locks").replaceChildren(...items);
  show($("locks"), items.length > 0);
}

function factorRow(factor) {
  const item = $("factor-row").content.cloneNode(true);
  item.querySelector(".name").textContent = factor.name;
  const used = factor.last_used_at;
  item.querySelector(".when").textContent = [
    say("script.since", { time: moment(factor.enabled_at) }),
    used ? say("script.last_used", { time: moment(used) }) : say("script.never_used"),
  ].join(", ");
  on(item.querySelector(".rename"), () => rename(factor));
  on(item.querySelector(".remove"), () => remove(factor));
  return item;
}

async function showSessions() {
  const page = await call("GET", `${ME}/sessions`);
  $("sessions").replaceChildren(...page.items.map(sessionRow));
  show($("end-others"), page.items.length > 1);
}

function sessionRow(session) {
  const item = $("session-row").content.cloneNode(true);
  item.querySelector(".name").textContent =
    maybe(`assurance.${session.assurance}`) ?? session.assurance;
  item.querySelector(".when").textContent = [
    say("script.since", { time: moment(session.started_at) }),
    say("script.last_used", { time: moment(session.last_used_at) }),
  ].join(", ");
  show(item.querySelector(".here"), session.current);
  const end = item.querySelector(".end");
  show(end, !session.current);
  on(end, () => call("DELETE", `${ME}/sessions/${session.session_id}`));
  return item;
}

/** Runs `act` at a click, then shows everything anew; says what went wrong. */
function on(button, act) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    show($("note"), false);
    try {
      await act();
      await showAll();
    } catch (problem) {
      if (!sessionOver(problem)) note(sayProblem(problem));
    } finally {
      button.disabled = false;
    }
  });
}

async function addAuthenticator() {
  const activated = await enable(account.factors);
  if (!activated) return;
  if (!activated.recovery_codes) return note(say("enable.done_added"));
  const [title, lead] = [say("enable.done_title"), say("enable.done_lead")];
  await keep(activated.recovery_codes, { title, lead, wait: true });
}

async function renewCodes() {
  if (!(await ask($("renew-dialog")))) return;
  const renew = () => call("POST", `${ME}/recovery-codes`, {}, freshKey());
  const renewed = await withProof(account.factors, renew);
  if (!renewed) return;
  const [title, lead] = [say("script.codes_title"), say("script.codes_renewed")];
  await keep(renewed.recovery_codes, { title, lead, wait: false });
}

async function rename(factor) {
  const asked = ask($("rename-dialog"));
  $("new-name").value = factor.name;
  $("new-name").select();
  const name = await asked;
  if (!name) return;
  const patch = () => call("PATCH", `${ME}/factors/${factor.factor_id}`, { name });
  if (await withProof(account.factors, patch)) note(say("script.renamed"));
}

async function remove(factor) {
  const last = account.factors.length === 1;
  $("remove-name").textContent = factor.name;
  show($("remove-last"), last);
  if (!(await ask($("remove-dialog")))) return;
  const removal = async () => {
    await call("POST", `${ME}/factors/${factor.factor_id}/remove`, {}, freshKey());
    return true;
  };
  if (await withProof(account.factors, removal)) note(say(last ? "script.disabled" : "script.removed"));
}

async function confirmAddress() {
  const promised = await call("POST", `${ME}/email/confirm`, {}, freshKey());
  $("address-hint").textContent = promised.hint;
  if (await ask($("address-dialog"))) note(say("script.email_confirmed"));
}

onSubmit($("rename-form"), async (typed) => answer($("rename-dialog"), typed.get("name").trim()));
onSubmit($("renew-form"), async () => answer($("renew-dialog")));
onSubmit($("remove-form"), async () => answer($("remove-dialog")));
onSubmit($("address-form"), async (typed, key) => {
  const code = sixDigits(typed.get("code"));
  if (!code) return complain($("address-form"), say("script.code_digits"), $("address-code"));
  await call("POST", `${ME}/email/confirm`, { code }, key);
  answer($("address-dialog"));
});

on($("enable"), addAuthenticator);
on($("add"), addAuthenticator);
on($("renew"), renewCodes);
on($("confirm-address"), confirmAddress);
on($("end-others"), async () => {
  await call("DELETE", `${ME}/sessions`);
  note(say("script.others_ended"));
});
$("more").addEventListener("click", () => more().catch((problem) => note(sayProblem(problem))));

if (await whoAmI()) {
  try {
    await showAll();
  } catch (problem) {
    if (!sessionOver(problem)) note(sayProblem(problem));
  }
} else if ($("note").hidden) {
  location.replace("/sign-in");
}
