// The commands that do from a terminal what the page does.

import { isPublishable, pathOf } from "./address.js";
import { element } from "./element.js";

/** Adds them to the box. @param {HTMLDetailsElement} box @param {string} channel */
export function commandLines(box, channel) {
  const address = location.origin + pathOf(channel);
  box.append(command("Hear it", `curl -N ${quoted(`${address}?via=ndjson`)}`));
  if (isPublishable(channel)) box.append(command("Publish to it", `curl -d 'hello' ${quoted(address)}`));
  box.open = matchMedia("(min-width: 54rem)").matches;
}

/** As a word for a shell; an address has no single quote. @param {string} address */
function quoted(address) {
  return /^[\w:/.%-]+$/.test(address) ? address : `'${address}'`;
}

/** @param {string} what @param {string} line */
function command(what, line) {
  const code = element("code", { tabindex: "0" }, line);
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Copy: ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copied(code, line)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return element("div", { class: "command" }, element("div", { class: "row" }, element("span", {}, what), button), code);
}

/** There is no clipboard for pages that came without TLS; there the line is selected at least. @param {Node} code @param {string} line */
async function copied(code, line) {
  try {
    await navigator.clipboard.writeText(line);
    return true;
  } catch {
    getSelection()?.selectAllChildren(code);
    return document.execCommand("copy");
  }
}
