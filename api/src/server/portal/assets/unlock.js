// A password that guesses have closed to new devices: the link of a mail, and the one button that
// acts. Opening the page changes nothing: mail programs open links too.

import { call } from "./api.js";
import { secretOfLink } from "./link.js";
import { $, onSubmit, show, take, whoAmI } from "./page.js";

const secret = secretOfLink();

onSubmit($("unlock-form"), async (_, key) => {
  try {
    await call("POST", `/v1/unlocks/${secret}`, {}, key);
  } catch (problem) {
    if (problem.code === "authentication-failed") return take($("question"), $("over"));
    throw problem;
  }
  take($("question"), $("done"));
});

show(secret ? $("question") : $("missing"));
await whoAmI();
