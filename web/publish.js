// The box that publishes to the channel of the page.

import { find } from "./element.js";

/** @typedef {import("/web/fanfare.js").Fanfare} Fanfare */

/** Shows the box. @param {Fanfare} fanfare @param {string} channel */
export function openPublishing(fanfare, channel) {
  const form = find("publish", HTMLFormElement);
  const body = find("body", HTMLTextAreaElement);
  const contentType = find("content-type", HTMLSelectElement);
  const key = find("key", HTMLInputElement);
  const outcome = find("outcome", HTMLParagraphElement);
  let busy = false;

  const say = (/** @type {string} */ words, refused = false) => {
    outcome.textContent = words;
    outcome.classList.toggle("refused", refused);
    body.toggleAttribute("aria-invalid", refused);
  };

  const publish = async () => {
    if (busy) return;
    const wrong = wrongWith(body.value, contentType.value);
    if (wrong) return say(wrong, true);
    busy = true;
    say("Publishing\u2026");
    try {
      const options = { contentType: contentType.value, key: key.value.trim() || undefined };
      const published = await fanfare.publish(channel, body.value, options);
      body.value = "";
      say(`Published, position ${published.position}.`);
    } catch (error) {
      say(`Not published: ${error instanceof Error ? reasonOf(error) : error}`, true);
    } finally {
      busy = false;
    }
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    publish();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    publish();
  });
}

/** @param {string} text @param {string} contentType */
function wrongWith(text, contentType) {
  if (!text) return "Write something first.";
  if (contentType !== "application/json") return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : error}`;
  }
}

/** @param {Error & { detail?: string }} error */
function reasonOf(error) {
  return error.detail || error.message;
}
