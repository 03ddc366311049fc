// Account settings: authenticators and recovery codes here, the other cards in files of their own.

import { changeAddress, confirmAddress, showAddress } from "./address.js";
import { call, freshKey } from "./api.js";
import { keptReturn } from "./app.js";
import { answer, ask } from "./dialog.js";
import { enrol, freshName, keep } from "./enable.js";
import { more, showHistory } from "./history.js";
import { $, CODES_LOW, myAccount, note, on, onSubmit } from "./page.js";
import { sessionOver, show, showRequired, whoAmI } from "./page.js";
import { changePassword } from "./password.js";
import { withProof } from "./prove.js";
import { askForReplacement, cancelReplacement } from "./replacement.js";
import { replaceNow, showReplacement } from "./replacement.js";
import { clockOf, resync } from "./resync.js";
import { endOthers, forgetDevices, showSignedIn } from "./signed_in.js";
import { fullMinute, moment, say, sayProblem } from "./text.js";

const ME = "/v1/accounts/me";
/** The buttons of what asks for a second factor. */
const CHANGES = ".resync, .rename, .remove, #add, #enable, #renew, #change-address, #change-password";

let account = null;

async function showAll() {
  const session = await call("GET", "/v1/session");
  account = await myAccount();
  const enabled = account.two_factor_enabled;
  show($("by-email"), session.assurance === "email_code");
  show($("state-off"), !enabled);
  show($("state-on"), enabled);
  show($("enable"), !enabled);
  show($("add"), enabled);
  show($("recovery-card"), enabled);
  $("codes-left").textContent = say("script.codes_left", { count: account.recovery_codes_left });
  show($("codes-low"), enabled && account.recovery_codes_left <= CODES_LOW);
  $("factors").replaceChildren(...account.factors.map(factorRow));
  showAddress(account);
  showReplacement(session, account);
  showRequired(account);
  showApp(enabled);
  show($("held"), Boolean(account.held_until));
  $("held").textContent = say("script.held", {
    time: moment(fullMinute(account.held_until ?? Date.now())),
  });
  // Such a session has no way to the proof that these ask for.
  const mayChange = session.assurance !== "email_code";
  for (const button of document.querySelectorAll(CHANGES)) button.disabled = !mayChange;
  showLocks();
  await showSignedIn(showAll);
  await showHistory();
  show($("settings"));
}

/** Where an app asked for a second factor, says so, and leads back to it once there is one. */
function showApp(enabled) {
  const way = keptReturn();
  const waited = !$("to-app").hidden && $("continue").hidden;
  show($("to-app"), Boolean(way) && (enabled || Boolean(way.enrol)));
  if (!way) return;
  const { app, path } = way;
  $("to-app-text").textContent = say(enabled ? "app.enabled" : "app.enable_first", { app });
  $("continue").textContent = say("app.continue", { app });
  $("continue").href = path;
  show($("continue"), enabled);
  // The button that was pressed last is gone.
  if (waited && enabled) $("continue").focus();
}

function showLocks() {
  const items = account.locks.map((lock) => {
    const method = say(`method.${lock.method}`);
    const text = lock.until
      ? say(`script.locked-${lock.rule}`, { method, time: moment(fullMinute(lock.until)) })
      : say("script.locked-hard-cap", { method });
    return Object.assign(document.createElement("li"), { textContent: text });
  });
  $("locks").replaceChildren(...items);
  show($("locks"), items.length > 0);
}

function factorRow(factor) {
  const item = $("factor-row").content.querySelector("li").cloneNode(true);
  item.querySelector(".name").textContent = factor.name;
  const used = factor.last_used_at;
  item.querySelector(".when").textContent = [
    say("script.since", { time: moment(factor.enabled_at) }),
    used ? say("script.last_used", { time: moment(used) }) : say("script.never_used"),
  ].join(", ");
  const clock = item.querySelector(".clock");
  clock.textContent = clockOf(factor);
  show(clock, Boolean(clock.textContent));
  show(item.querySelector(".resync"), Boolean(factor.clock_refused));
  const set = (one) => resync(account, one);
  for (const [kind, act] of [["resync", set], ["rename", rename], ["remove", remove]]) {
    const button = item.querySelector(`.${kind}`);
    button.setAttribute("aria-label", `${button.textContent}: ${factor.name}`);
    on(button, () => act(factor), showAll);
  }
  return item;
}

/** The first authenticator needs no name of its own. */
async function enable() {
  await add(freshName(account.factors));
}

async function addAnother() {
  const asked = ask($("add-dialog"));
  $("add-name").value = freshName(account.factors);
  $("add-name").select();
  const name = await asked;
  if (name) await add(name, { title: say("enable.add_title"), submit: say("enable.add_submit") });
}

async function add(name, words) {
  const begin = () => call("POST", `${ME}/factors`, { kind: "totp", name }, freshKey());
  const activated = await enrol({
    begin: () => withProof(account.factors, begin),
    activate: (factor, code, key) => call("POST", `${ME}/factors/${factor}/activate`, { code }, key),
    ...words,
  });
  if (!activated) return;
  if (!activated.recovery_codes) return note(say("enable.done_added"));
  await keep(activated.recovery_codes, { login: account.login, wait: true });
}

async function renewCodes() {
  if (!(await ask($("renew-dialog")))) return;
  const renew = () => call("POST", `${ME}/recovery-codes`, {}, freshKey());
  const renewed = await withProof(account.factors, renew);
  if (!renewed) return;
  const [title, lead] = [say("script.codes_title"), say("script.codes_renewed")];
  await keep(renewed.recovery_codes, { login: account.login, title, lead, wait: false });
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
    try {
      await call("POST", `${ME}/factors/${factor.factor_id}/remove`, {}, freshKey());
    } catch (problem) {
      if (problem.code !== "conflict" || !last) throw problem;
      return note(say("script.last_needed"));
    }
    return true;
  };
  if (await withProof(account.factors, removal)) note(say(last ? "script.disabled" : "script.removed"));
}

onSubmit($("rename-form"), async (typed) => answer($("rename-dialog"), typed.get("name").trim()));
onSubmit($("renew-form"), async () => answer($("renew-dialog")));
onSubmit($("remove-form"), async () => answer($("remove-dialog")));
onSubmit($("add-form"), async (typed) => answer($("add-dialog"), typed.get("name").trim()));

const acts = {
  enable,
  add: addAnother,
  renew: renewCodes,
  "confirm-address": confirmAddress,
  "change-address": changeAddress,
  "change-password": () => changePassword(account),
  replace: askForReplacement,
  "cancel-replacement": cancelReplacement,
  "replace-now": () => replaceNow(account),
  "end-others": endOthers,
  "forget-devices": forgetDevices,
};
for (const [id, act] of Object.entries(acts)) on($(id), act, showAll);
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
