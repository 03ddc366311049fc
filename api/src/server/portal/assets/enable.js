// Adding an authenticator: QR code, key, first code; and recovery codes to keep.

import { answer, ask } from "./dialog.js";
import { $, complain, onSubmit, show, sixDigits } from "./page.js";
import { day, say, sayProblem } from "./text.js";

const KEY_GROUP = /.{1,4}/g;

/** Sends the first code of the offer that is open; says what went wrong with it. */
let send = null;
let explain = sayProblem;

/**
 * Goes through the dialog: `begin` gets an offer from the API, `activate` sends it the first code.
 * Resolves to what the activation gave, or undefined where the person gave up.
 */
export async function enrol({ begin, activate, title, submit, explain: own }) {
  const offer = await begin();
  if (!offer) return undefined;
  $("enable-title").textContent = title ?? say("enable.title");
  $("activate").textContent = submit ?? say("enable.submit");
  $("qr").replaceChildren(drawing(offer.qr_svg));
  $("key").textContent = offer.secret.match(KEY_GROUP).join(" ");
  $("otpauth").href = offer.otpauth_uri;
  send = (code, key) => activate(offer.factor_id, code, key);
  explain = own ?? sayProblem;
  const activated = await ask($("enable-dialog"));
  forget();
  return activated;
}

onSubmit(
  $("activate-form"),
  async (typed, key) => {
    const code = sixDigits(typed.get("code"));
    if (!code) return complain($("activate-form"), say("script.code_digits"), $("activate-code"));
    answer($("enable-dialog"), await send(code, key));
  },
  (problem) => explain(problem),
);

/** Shows recovery codes until the person says that they are kept. */
export async function keep(codes, { login, title, lead, wait }) {
  $("codes-title").textContent = title ?? say("enable.done_title");
  $("codes-lead").textContent = lead ?? say("enable.done_lead");
  $("copy").textContent = say("enable.copy");
  complain($("codes-dialog"), "");
  show($("wait"), wait);
  $("codes").replaceChildren(
    ...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })),
  );
  const whose = say("enable.codes_of", { login, date: day(new Date()) });
  $("codes-of").textContent = whose;
  const text = [whose, say("enable.codes_once"), "", ...codes, ""].join("\n");
  const file = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  Object.assign($("download"), { href: file, download: say("script.file_name") });
  $("copy").onclick = () => copy(text);
  await ask($("codes-dialog"), { cancellable: false });
  URL.revokeObjectURL(file);
  $("codes").replaceChildren();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    $("copy").textContent = say("enable.copied");
    complain($("codes-dialog"), "");
  } catch {
    complain($("codes-dialog"), say("enable.copy_failed"));
    getSelection().selectAllChildren($("codes"));
  }
}

/** A name that no authenticator of this account has yet. */
export function freshName(factors = []) {
  const names = new Set(factors.map((one) => one.name));
  const name = say("enable.name_value");
  let free = name;
  for (let number = 2; names.has(free); number += 1) free = `${name} ${number}`;
  return free;
}

/** The server's drawing as nodes: nothing in it runs, for the page's policy allows no such thing. */
function drawing(svg) {
  return document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
}

/** The secret does not stay in the page. */
function forget() {
  send = null;
  $("qr").replaceChildren();
  $("key").textContent = "";
  $("otpauth").removeAttribute("href");
}

$("print").addEventListener("click", () => window.print());
$("kept").addEventListener("click", () => answer($("codes-dialog")));
