// The commands that do from a terminal what the page does.

import { encoded, isPublishable, pathOf } from "./address.js";
import { element } from "./element.js";

/** Puts them into the box, in place of those that were there. @param {HTMLElement} box @param {string} channel @param {string} filter */
export function commandLines(box, channel, filter) {
  const address = location.origin + pathOf(channel);
  const wanted = filter && `&filter=${encoded(filter)}`;
  box.replaceChildren(command("Hear it", `curl -N ${quoted(`${address}?via=ndjson${wanted}`)}`));
  if (isPublishable(channel)) box.append(command("Publish to it", `curl -d 'hello' ${quoted(address)}`));
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
