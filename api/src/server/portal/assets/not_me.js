// "That was not me": what a link of a notice is about, and the one button that acts. Opening the
// page changes nothing: mail programs open links too.

import { call } from "./api.js";
import { secretOfLink } from "./link.js";
import { $, note, onSubmit, show, take, whoAmI } from "./page.js";
import { dated, maybe, say, sayProblem } from "./text.js";

const secret = secretOfLink();
const path = `/v1/objections/${secret}`;

/** What is said of a kind of event; of one that this page does not know, what is true of any. */
function of(kind, about, values) {
  return maybe(`objection.${kind}_${about}`, values) ?? say(`objection.${kind}_other`, values);
}

async function ask() {
  if (!secret) return show($("over"));
  try {
    const { about, at, until } = await call("GET", path);
    $("about").textContent = of("about", about, { time: dated(at) });
    $("would").textContent = of("would", about);
    $("until").textContent = say("objection.until", { time: dated(until) });
    show($("question"));
  } catch (problem) {
    if (problem.code === "authentication-failed") return show($("over"));
    note(sayProblem(problem));
  }
}

onSubmit($("object-form"), async (_, key) => {
  let stopped;
  try {
    stopped = await call("POST", path, {}, key);
  } catch (problem) {
    if (problem.code === "authentication-failed") return take($("question"), $("over"));
    throw problem;
  }
  $("did").textContent = of("did", stopped.about);
  take($("question"), $("done"));
  await whoAmI();
});

await whoAmI();
await ask();
