// Changing the password.

import { call } from "./api.js";
import { answer, ask } from "./dialog.js";
import { $, note, onSubmit } from "./page.js";
import { withProof } from "./prove.js";
import { say, sayProblem } from "./text.js";

let factors = [];

/** Goes through the dialog, for the holder of these authenticators. */
export async function changePassword(account) {
  factors = account.factors;
  if (await ask($("password-dialog"))) note(say("script.password_changed"));
}

onSubmit(
  $("password-form"),
  async (typed, key) => {
    const body = { current: typed.get("current"), password: typed.get("password") };
    const change = () => call("POST", "/v1/accounts/me/password", body, key);
    try {
      if (await withProof(factors, change)) answer($("password-dialog"));
    } catch (problem) {
      if (problem.code === "authentication-failed") problem.field = "current";
      throw problem;
    }
  },
  (problem) =>
    problem.code === "authentication-failed" ? say("script.current_wrong") : sayProblem(problem),
);
