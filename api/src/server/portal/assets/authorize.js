// An app asks for its user (OpenID Connect): the API says what comes next, and this page goes there.
// What only a person can do for a request, signing in anew or agreeing, is asked for once.

import { authorize, decline, doubled, forgetReturn, keepQuery, keepReturn, keptReturn } from "./app.js";
import { UNUSABLE, leave, requestIn } from "./app.js";
import { $, myAccount, note, onSubmit, show, showOnly, whoAmI } from "./page.js";
import { say, sayProblem } from "./text.js";

/** Both ask for a sign-in though there is a session. */
const ANEW = ["login", "select_account"];
/** An answer takes a moment: a sign-in for this very request is new enough for who asks for less. */
const LEAST_AGE_SECONDS = 10;

const request = requestIn(location.search);
const prompts = (request.prompt ?? "").split(" ").filter(Boolean);
const silent = prompts.includes("none");

/** The session of this browser, the app's name, and whether the person has agreed to go there. */
let session = null;
let app = "";
let agreed = false;

/** This page's own address, as the way back to it is kept. */
function here() {
  return location.pathname + location.search;
}

/** Whether somebody signed in for this very request. */
function isFresh() {
  const way = keptReturn();
  return Boolean(way?.signedIn) && way.path === here();
}

/** The request without what the person has done for it already. */
function open() {
  const { prompt, max_age, ...rest } = request;
  const fresh = isFresh();
  const isDone = (one) => (fresh && ANEW.includes(one)) || (agreed && one === "consent");
  const left = prompts.filter((one) => !isDone(one));
  // What was left to be said here is read before the browser leaves, as if that were to be agreed to.
  if (!agreed && !silent && !$("note").hidden) left.push("consent");
  if (left.length > 0) rest.prompt = left.join(" ");
  if (max_age && !(fresh && Number(max_age) < LEAST_AGE_SECONDS)) rest.max_age = max_age;
  return rest;
}

async function goOn() {
  const answer = await authorize(open());
  app = answer.app ?? "";
  const comesNext = {
    redirect: () => leave(answer.location),
    sign_in_required: signIn,
    second_factor_required: () => ask("enrol"),
    consent_required: () => (session ? ask("consent") : signIn()),
  };
  await comesNext[answer.status]();
}

/** Leads to the sign-in page, and back. */
function signIn() {
  const weak = session?.assurance === "email_code";
  keepReturn({ path: here(), app, anew: session !== null, weak });
  location.replace("/sign-in");
}

/** Shows one part of this page, with the app's name in it. */
async function ask(part) {
  for (const place of document.querySelectorAll("[data-app]")) {
    place.textContent = say(`app.${place.dataset.app}`, { app });
  }
  const told = ["profile", "email"].filter((one) => (request.scope ?? "").split(" ").includes(one));
  for (const one of told) show($(`told-${one}`));
  show($("told"), told.length > 0);
  const account = await myAccount().catch(() => null);
  const login = account?.login;
  $("as").textContent = login ? say("app.signed_in_as", { login }) : "";
  showOnly($(part));
}

/** A request that no app may make is shown, and never answered at the address that it names. */
function refuse({ field, detail }) {
  forgetReturn();
  $("invalid-why").textContent = [field, detail].filter(Boolean).join(": ");
  showOnly($("invalid"));
}

onSubmit($("consent-form"), async () => {
  agreed = true;
  await goOn();
});

onSubmit($("enrol-form"), async () => {
  keepReturn({ path: here(), app, enrol: true, signedIn: isFresh() });
  location.assign("/account");
});

onSubmit($("trouble-form"), goOn);

for (const button of document.querySelectorAll(".decline")) {
  button.addEventListener("click", () =>
    decline(here()).catch((problem) => note(sayProblem(problem))),
  );
}
$("another").addEventListener("click", signIn);

if (!silent) session = await whoAmI();
keepQuery();
const twice = doubled(location.search);
if (twice) refuse({ detail: `${twice} is there twice` });
else {
  try {
    await goOn();
  } catch (problem) {
    if (UNUSABLE.includes(problem.code)) refuse(problem);
    else {
      showOnly($("trouble"));
      $("trouble-why").textContent = sayProblem(problem);
      if (!problem.code) throw problem;
    }
  }
}
