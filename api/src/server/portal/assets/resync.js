// The clock of a phone: how far it is off, and two codes in a row that tell where it is.

import { call, freshKey } from "./api.js";
import { answer, ask } from "./dialog.js";
import { $, complain, note, onSubmit, sixDigits } from "./page.js";
import { withProof } from "./prove.js";
import { say } from "./text.js";

/** From so many seconds on a clock is called off: less can be a code typed late. */
const OFF_FROM_SECONDS = 60;

/** What there is to say of the clock of a phone; nothing where it is right. */
export function clockOf(factor) {
  const offset = factor.clock_offset_seconds ?? 0;
  const seconds = Math.abs(offset);
  if (seconds < OFF_FROM_SECONDS && !factor.clock_refused) return "";
  const clock = say(offset < 0 ? "script.clock_slow" : "script.clock_fast", { seconds });
  return factor.clock_refused ? `${clock} ${say("script.clock_refused")}` : clock;
}

/** Asks for two codes of a phone, and for a proof by something else. */
export async function resync(account, factor) {
  $("resync-name").textContent = factor.name;
  const codes = await ask($("resync-dialog"));
  if (!codes) return;
  const path = `/v1/accounts/me/factors/${factor.factor_id}/resync`;
  const others = account.factors.filter((one) => one.factor_id !== factor.factor_id);
  const act = async () => {
    try {
      return await call("POST", path, { codes }, freshKey());
    } catch (problem) {
      if (problem.code !== "authentication-failed") throw problem;
      note(say("script.resync_failed"));
    }
  };
  if (await withProof(others, act)) note(say("script.resynced"));
}

onSubmit($("resync-form"), async (typed) => {
  const codes = ["first", "second"].map((name) => [name, sixDigits(typed.get(name))]);
  const missing = codes.find(([, code]) => !code);
  if (missing) {
    return complain($("resync-form"), say("script.code_digits"), $(`resync-${missing[0]}`));
  }
  answer($("resync-dialog"), codes.map(([, code]) => code));
});
