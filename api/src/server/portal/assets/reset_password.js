// A new password by a link in a mail. It signs nobody in.

import { call } from "./api.js";
import { secretOfLink } from "./link.js";
import { $, onSubmit, show, take, whoAmI } from "./page.js";

const secret = secretOfLink();

onSubmit($("reset-form"), async (typed, key) => {
  const password = typed.get("password");
  try {
    await call("POST", `/v1/password-resets/${secret}`, { password }, key);
  } catch (problem) {
    if (problem.code === "authentication-failed") return take($("renewal"), $("over"));
    throw problem;
  }
  $("new-password").value = "";
  take($("renewal"), $("done"));
});

show(secret ? $("renewal") : $("missing"));
await whoAmI();
