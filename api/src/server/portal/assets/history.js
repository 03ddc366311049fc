// The own history in words, newest first, a page at a time.

import { call } from "./api.js";
import { $, show } from "./page.js";
import { maybe, moment, say } from "./text.js";

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
  $("history").append(...page.items.map(row));
  next = page.next;
  show($("more"), next !== null);
}

function row(event) {
  const item = $("event-row").content.cloneNode(true);
  item.querySelector(".what").textContent = words(event);
  const by = maybe(`script.by_${event.by.kind}`);
  item.querySelector(".when").textContent = [moment(event.at), by].filter(Boolean).join(", ");
  return item;
}

function words(event) {
  const method = event.data.method && say(`method.${event.data.method}`);
  const said = maybe(`event.${event.type.replace(/^account\./, "")}`, { method });
  const ticket = event.data.ticket;
  return `${said ?? event.explanation}${ticket ? ` (${ticket})` : ""}`;
}
