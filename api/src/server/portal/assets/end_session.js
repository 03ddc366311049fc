// An app sends somebody here to sign out (OpenID Connect RP-Initiated Logout): asked, done, and back
// to the app where it may be gone back to.

import { UNUSABLE, doubled, forgetReturn, keepQuery, read } from "./app.js";
import { call } from "./api.js";
import { $, myAccount, onSubmit, show, showOnly, whoAmI } from "./page.js";
import { say, sayProblem } from "./text.js";

const PARAMETERS = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

const endFor = (app) => call("POST", "/v1/oidc/session-ends", app);

async function end() {
  let ended;
  try {
    ended = await endFor(read(location.search, PARAMETERS));
  } catch (problem) {
    if (!UNUSABLE.includes(problem.code)) throw problem;
    // Where there is no way back that counts, signing out is possible all the same.
    ended = await endFor({});
    show($("no-way-back"));
  }
  forgetReturn();
  if (ended.location) return location.replace(ended.location);
  await whoAmI();
  showOnly($("done"));
}

function refuse(why) {
  $("invalid-why").textContent = why;
  showOnly($("invalid"));
}

onSubmit($("end-form"), end);

const session = await whoAmI();
keepQuery();
const twice = doubled(location.search);
if (twice) refuse(`${twice} is there twice`);
else if (session) {
  const account = await myAccount().catch(() => null);
  const login = account?.login;
  $("as").textContent = login ? say("app.signed_in_as", { login }) : "";
  showOnly($("question"));
} else {
  // There is nothing to be asked.
  await end().catch((problem) => refuse(problem.detail ?? sayProblem(problem)));
}
