// Adding an authenticator: QR code, key, first code; and recovery codes to keep.

import { call, freshKey } from "./api.js";
import { answer, ask } from "./dialog.js";
import { $, complain, onSubmit, show, sixDigits } from "./page.js";
import { withProof } from "./prove.js";
import { say } from "./text.js";

const KEY_GROUP = /.{1,4}/g;

let offer = null;

/** Goes through the dialog. Resolves to what the activation gave, or undefined. */
export async function enable(factors) {
  const name = freshName(factors);
  const begin = () => call("POST", "/v1/accounts/me/factors", { kind: "totp", name }, freshKey());
  offer = await withProof(factors, begin);
  if (!offer) return undefined;
  $("qr").replaceChildren(drawing(offer.qr_svg));
  $("key").textContent = offer.secret.match(KEY_GROUP).join(" ");
  $("otpauth").href = offer.otpauth_uri;
  const activated = await ask($("enable-dialog"));
  forget();
  return activated;
}

onSubmit($("activate-form"), async (typed, key) => {
  const code = sixDigits(typed.get("code"));
  if (!code) return complain($("activate-form"), say("script.code_digits"), $("activate-code"));
  const path = `/v1/accounts/me/factors/${offer.factor_id}/activate`;
  answer($("enable-dialog"), await call("POST", path, { code }, key));
});

/** Shows recovery codes until the person says that they are kept. */
export async function keep(codes, { title, lead, wait }) {
  $("codes-title").textContent = title;
  $("copy").textContent = say("enable.copy");
  $("codes-lead").textContent = lead;
  show($("wait"), wait);
  $("codes").replaceChildren(
    ...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })),
  );
  const text = `${codes.join("\n")}\n`;
  const file = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  Object.assign($("download"), { href: file, download: say("script.file_name") });
  $("copy").onclick = async () => {
    await navigator.clipboard.writeText(text);
    $("copy").textContent = say("enable.copied");
  };
  await ask($("codes-dialog"), { cancellable: false });
  URL.revokeObjectURL(file);
  $("codes").replaceChildren();
}

/** A name that no authenticator of this account has yet. */
function freshName(factors) {
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
  offer = null;
  $("qr").replaceChildren();
  $("key").textContent = "";
  $("otpauth").removeAttribute("href");
}

$("print").addEventListener("click", () => window.print());
$("kept").addEventListener("click", () => answer($("codes-dialog")));
