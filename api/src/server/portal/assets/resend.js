// A code that can be sent once more: where it went, and from when on there is another.

import { $, complain, sessionOver, waitUntil } from "./page.js";
import { sayProblem } from "./text.js";

/**
 * Lets the button `<name>-resend` send another code. `send` resolves to what the API promised, or to
 * nothing where the person gave up. Gives what shows such a promise.
 */
export function offerResend(name, send) {
  const [button, beside] = [$(`${name}-resend`), $(`${name}-resend-at`)];
  const tell = ({ hint, resend_at }) => {
    $(`${name}-hint`).textContent = hint;
    waitUntil(resend_at, button, beside);
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    complain($(`${name}-form`), "");
    try {
      const promised = await send();
      if (promised) tell(promised);
      else button.disabled = false;
    } catch (problem) {
      if (sessionOver(problem)) return;
      complain($(`${name}-form`), sayProblem(problem));
      button.disabled = false;
      if (problem.code === "too-many-requests") waitUntil(problem.retry_at, button, beside);
    }
  });
  return tell;
}
