// Dialogs that ask one thing: open, be answered or cancelled, close.

import { complain, reveal } from "./page.js";

/**
 * Opens a dialog. Resolves when it closes: to what `answer` was called with, or undefined where it
 * was cancelled.
 */
export function ask(dialog, { cancellable = true } = {}) {
  const form = dialog.querySelector("form");
  if (form) {
    form.reset();
    for (const button of form.querySelectorAll("[data-reveal]")) reveal(button, false);
    complain(form, "");
  }
  dialog.oncancel = (event) => {
    if (!cancellable) event.preventDefault();
  };
  dialog.answer = undefined;
  dialog.showModal();
  dialog.querySelector("h2").focus();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      // A browser lets nobody refuse a second Escape: then it opens again.
      if (!cancellable && dialog.answer === undefined) return dialog.showModal();
      resolve(dialog.answer);
    };
  });
}

/** Closes a dialog with an answer. */
export function answer(dialog, value = true) {
  dialog.answer = value;
  dialog.close();
}

for (const button of document.querySelectorAll("dialog .cancel")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
