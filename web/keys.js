// Single keys, where nobody is writing; and the dialog that tells them.

import { find } from "./element.js";

/** @param {Record<string, () => void>} actions by key */
export function listenForKeys(actions) {
  const dialog = find("keys", HTMLDialogElement);
  find("show-keys", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  find("hide-keys", HTMLButtonElement).addEventListener("click", () => dialog.close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    const target = /** @type {Element} */ (event.target);
    if (target.closest("input, textarea, select")) {
      if (event.key === "Escape") /** @type {HTMLElement} */ (target).blur();
      return;
    }
    const action = event.key === "?" ? () => dialog.showModal() : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
