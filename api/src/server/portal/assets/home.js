// The start page: for guests, and for who is signed in.

import { forgetReturn } from "./app.js";
import { $, myAccount, note, show, showRequired, whoAmI } from "./page.js";
import { sayProblem } from "./text.js";

// Whoever comes here is on no way to an app.
forgetReturn();
const session = await whoAmI();
show($("guest"), session === null);
if (session) {
  try {
    const account = await myAccount();
    $("who").textContent = account.login ? `, ${account.login}` : "";
    show($("by-email"), session.assurance === "email_code");
    showRequired(account);
    show($("protected"), account.two_factor_enabled);
    show($("unprotected"), !account.two_factor_enabled);
    show($("member"));
  } catch (problem) {
    note(sayProblem(problem));
  }
}
