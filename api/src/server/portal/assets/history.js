// The own history in words, newest first, a page at a time.

import { call } from "./api.js";
import { $, show } from "./page.js";
import { maybe, moment, say } from "./text.js";

/** What says nothing to people, or says again what another entry tells. */
const UNTOLD = new Set(["account.key_created", "account.session_used", "account.email_code_sent",
  "account.grant_issued"]);

let next = null;

/** Fills the list from the newest on. */
export async function showHistory() {
  $("history").replaceChildren();
  next = null;
  await more();
}

/** Adds the next page. */
export async function more() {
  const query = next === null ? "" : `?cursor=${encodeURIComponent(next)}`;
  const page = await call("GET", `/v1/accounts/me/history${query}`);
  $("history").append(...page.items.filter(({ type }) => !UNTOLD.has(type)).map(row));
  next = page.next;
  show($("more"), next !== null);
}

function row(event) {
  const item = $("event-row").content.querySelector("li").cloneNode(true);
  item.querySelector(".what").textContent = words(event);
  const by = maybe(`script.by_${event.by.kind}`);
  item.querySelector(".when").textContent = [moment(event.at), by].filter(Boolean).join(", ");
  return item;
}

/** Of several kinds of one event, the words of its kind; else those of any. */
function words(event) {
  const type = event.type.replace(/^account\./, "");
  const kind = event.data.why ?? event.data.notice ?? (event.data.imported && "imported");
  const method = event.data.method && say(`method.${event.data.method}`);
  const notice = maybe(`notice.${event.data.notice}`);
  const said = maybe(`event.${type}-${kind}`) ?? maybe(`event.${type}`, { method, notice });
  const ticket = event.data.ticket;
  return `${said ?? event.explanation}${ticket ? ` (${ticket})` : ""}`;
}
