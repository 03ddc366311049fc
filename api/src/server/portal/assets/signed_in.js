// Where one is signed in, and the devices that are known.

import { call } from "./api.js";
import { $, on, note, show } from "./page.js";
import { maybe, moment, say } from "./text.js";

const ME = "/v1/accounts/me";

/** What a browser says of itself, the first that fits: most name several. */
const BROWSERS = [
  ["Edg", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["Firefox/", "Firefox"],
  ["FxiOS/", "Firefox"],
  ["CriOS/", "Chrome"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];
const SYSTEMS = [
  ["Windows", "Windows"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["CrOS", "ChromeOS"],
  ["Macintosh", "macOS"],
  ["Linux", "Linux"],
];
/** Characters of a name that is told as it came. */
const AGENT_CHARS_MAX = 60;

/** Shows both lists; `changed` shows everything anew. */
export async function showSignedIn(changed) {
  const sessions = await call("GET", `${ME}/sessions`);
  $("sessions").replaceChildren(...sessions.items.map((one) => sessionRow(one, changed)));
  show($("end-others"), sessions.items.length > 1);
  const devices = await call("GET", `${ME}/devices`);
  $("devices").replaceChildren(...devices.items.map((one) => deviceRow(one, changed)));
  show($("forget-devices"), devices.items.length > 1);
  show($("devices-card"), devices.items.length > 0);
}

function sessionRow(session, changed) {
  const how = maybe(`assurance.${session.assurance}`) ?? session.assurance;
  const times = [
    say("script.since", { time: moment(session.started_at) }),
    say("script.last_used", { time: moment(session.last_used_at) }),
  ];
  const item = row("session-row", session, session.user_agent ? [how, ...times] : times, how);
  const end = item.querySelector(".end");
  show(end, !session.current);
  on(end, () => call("DELETE", `${ME}/sessions/${session.session_id}`), changed);
  return item;
}

function deviceRow(device, changed) {
  const times = [
    say("script.since", { time: moment(device.first_seen_at) }),
    say("script.last_seen", { time: moment(device.last_seen_at) }),
    say("script.until", { time: moment(device.expires_at) }),
  ];
  const item = row("device-row", device, times, say("script.device"));
  on(item.querySelector(".end"), () => call("DELETE", `${ME}/devices/${device.id}`), changed);
  return item;
}

function row(template, { user_agent, ip, current }, facts, otherwise) {
  const item = $(template).content.querySelector("li").cloneNode(true);
  const name = user_agent ? agent(user_agent) : otherwise;
  item.querySelector(".name").textContent = name;
  item.querySelector(".when").textContent = [...facts, ip].filter(Boolean).join(", ");
  item.querySelector(".end").setAttribute("aria-label", `${item.querySelector(".end").textContent}: ${name}`);
  show(item.querySelector(".here"), current);
  return item;
}

/** Browser and system as people call them; what names none, as it came. */
function agent(text) {
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    (known) => known.find(([part]) => text.includes(part))?.[1],
  );
  if (browser && system) return say("script.agent", { browser, system });
  return browser ?? system ?? text.slice(0, AGENT_CHARS_MAX);
}

/** Ends every other session. */
export async function endOthers() {
  await call("DELETE", `${ME}/sessions`);
  note(say("script.others_ended"));
}

/** Forgets every device. */
export async function forgetDevices() {
  await call("DELETE", `${ME}/devices`);
  note(say("script.devices_forgotten"));
}
