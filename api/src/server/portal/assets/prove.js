// Proving again who one is, where the API asks for a fresh proof (RFC 9470).

import { call } from "./api.js";
import { answer, ask } from "./dialog.js";
import { $, complain, onSubmit, recoveryCode, show, sixDigits } from "./page.js";
import { say } from "./text.js";

const PASSWORD = "urn:countersign:acr:password";

/** What is said where nothing can be read. */
const OTHERWISE = {
  password: "script.empty",
  totp: "script.code_digits",
  recovery_code: "script.recovery_chars",
};

const dialog = $("prove-dialog");
const form = $("prove-form");
let way = "password";

/**
 * Does `act`; where a fresh proof is missing, asks for it and does `act` again. Resolves to what
 * `act` gave, or undefined where the person gave up.
 */
export async function withProof(factors, act) {
  try {
    return await act();
  } catch (problem) {
    if (problem.code !== "step-up-required") throw problem;
    $("prove-factor").replaceChildren(...factors.map((one) => new Option(one.name, one.factor_id)));
    show($("prove-which"), factors.length > 1);
    const opened = ask(dialog);
    // Where no authenticator may prove it, a recovery code is left.
    show($("prove-totp").parentElement, factors.length > 0);
    const byCode = factors.length > 0 ? "totp" : "recovery_code";
    take(problem.acr_values === PASSWORD ? "password" : byCode);
    if (!(await opened)) return undefined;
    return act();
  }
}

function take(other) {
  way = other;
  for (const part of form.querySelectorAll("[data-way]")) show(part, part.dataset.way === way);
  complain(form, "");
  form.querySelector(`[data-way=${way}] input`).focus();
}

onSubmit(form, async (typed, key) => {
  const proof = proofFrom(typed);
  if (!proof) {
    const field = form.querySelector(`[data-way=${way}] input`);
    return complain(form, say(OTHERWISE[way]), field);
  }
  await call("POST", "/v1/session/proofs", proof, key);
  answer(dialog);
});

function proofFrom(typed) {
  if (way === "password") return typed.get("password") && { password: typed.get("password") };
  if (way === "recovery_code") {
    const code = recoveryCode(typed.get("recovery"));
    return code && { method: way, code };
  }
  const code = sixDigits(typed.get("code"));
  if (!code) return null;
  const factor = typed.get("factor");
  return factor ? { method: way, code, factor_id: factor } : { method: way, code };
}

$("prove-recovery").addEventListener("click", () => take("recovery_code"));
$("prove-totp").addEventListener("click", () => take("totp"));
