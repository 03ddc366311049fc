// "That was not me": what a link of a notice is about, and the one button that acts. Opening the
// page changes nothing: mail programs open links too.

import { call } from "./api.js";
import { secretOfLink } from "./link.js";
import { $, note, onSubmit, show, take, whoAmI } from "./page.js";
import { dated, maybe, say, sayProblem } from "./text.js";

const secret = secretOfLink();
const path = `/v1/objections/${secret}`;

/** What a notice told of; of what this page does not know, what is true of any. */
function told(about, values) {
  return maybe(`objection.about_${about}`, values) ?? say("objection.about_other", values);
}

/** Lists what the button would do, or did: no more than the API says. */
function list(element, kind, effects) {
  const all = effects.length > 0 ? effects : ["none"];
  const items = all.map((effect) => say(`objection.${kind}_${effect}`));
  element.replaceChildren(
    ...items.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
}

/** What to do then: nothing that cannot be done. */
function leadOn(effects) {
  const [ended, held, sent] = ["password_ended", "held", "link_sent"].map((effect) =>
    effects.includes(effect),
  );
  show($("next-link"), sent);
  show($("next-by-mail"), ended && !sent);
  show($("by-mail"), ended);
  show($("next-password"), effects.includes("password_asked") && !sent);
  show($("by-password"), !ended);
  // A password ends where no authenticator stands behind it: there is none to look at.
  show($("next-factors"), !ended && !held);
  show($("next-factors-held"), !ended && held);
}

async function ask() {
  if (!secret) return show($("missing"));
  try {
    const { about, at, until, effects } = await call("GET", path);
    $("about").textContent = told(about, { time: dated(at) });
    list($("would"), "would", effects);
    $("until").textContent = say("objection.until", { time: dated(until) });
    show($("question"));
  } catch (problem) {
    if (problem.code === "authentication-failed") return show($("over"));
    note(sayProblem(problem));
  }
}

onSubmit($("object-form"), async (_, key) => {
  let done;
  try {
    done = await call("POST", path, {}, key);
  } catch (problem) {
    if (problem.code === "authentication-failed") return take($("question"), $("over"));
    throw problem;
  }
  list($("did"), "did", done.effects);
  leadOn(done.effects);
  take($("question"), $("done"));
  await whoAmI();
});

await whoAmI();
await ask();
