// A forgotten password: asks for a link by mail, and says the same whoever is known here.

import { call } from "./api.js";
import { $, onSubmit, take, whoAmI } from "./page.js";

onSubmit($("forgot-form"), async (typed, key) => {
  await call("POST", "/v1/password-resets", { login: typed.get("login").trim() }, key);
  take($("ask"), $("asked"));
});

await whoAmI();
