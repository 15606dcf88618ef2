// The body of a message: JSON, picture, text, or bytes to take away.
//
// Bodies come from strangers. Pictures are only ever shown in <img>, where an SVG runs nothing, and what is downloaded
// has no type that a browser would open as a page.

import { element } from "./element.js";
import { bytesText } from "./figures.js";
import { jsonView } from "./json.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml"];
const PREVIEW_LINES = 14;
const PREVIEW_CHARACTERS = 1200;

/** @typedef {import("/web/fanfare.js").Message} Message */
/** @typedef {{ view: HTMLElement | null, release: () => void }} Body `release` once it is not shown any more */

/** @param {any} message @returns {Body} */
export function bodyView(message) {
  const type = mediaType(message.content_type);
  const body = message.body;
  const still = (/** @type {HTMLElement | null} */ view) => ({ view, release() {} });
  if (body === undefined || body === "") return still(null);
  const raw = body instanceof Uint8Array || typeof body === "string";
  if (raw && PICTURES.includes(type)) return picture(body, type);
  if (body instanceof Uint8Array) return download(body, type);
  if (typeof body === "string") return still(textView(body));
  const short = jsonView(body, PREVIEW_LINES);
  return still(short.complete ? short.view : foldable(short.view, () => jsonView(body).view));
}

/** @param {string | undefined} contentType */
function mediaType(contentType = "") {
  return contentType.split(";")[0].trim().toLowerCase();
}

/** @param {string} text */
function textView(text) {
  const lines = text.split("\n", PREVIEW_LINES);
  const short = lines.join("\n").slice(0, PREVIEW_CHARACTERS);
  const whole = () => element("pre", { class: "text" }, text);
  if (short.length === text.length) return whole();
  return foldable(element("pre", { class: "text" }, short, "\u2026"), whole);
}

/** @param {HTMLElement} short @param {() => HTMLElement} whole */
function foldable(short, whole) {
  const button = element("button", { type: "button", class: "quiet fold", "aria-expanded": "false" }, "Show all");
  const box = element("div", {}, short, button);
  let shown = short;
  button.addEventListener("click", () => {
    const next = shown === short ? whole() : short;
    shown.replaceWith(next);
    shown = next;
    button.setAttribute("aria-expanded", String(next !== short));
    button.textContent = next === short ? "Show all" : "Show less";
  });
  return box;
}

/** @param {Uint8Array | string} body @param {string} type @returns {Body} */
function picture(body, type) {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (body)], { type }));
  const size = bytesText(typeof body === "string" ? new Blob([body]).size : body.length);
  const alt = `A picture (${type}, ${size})`;
  const image = element("img", { src: address, alt, class: "picture", decoding: "async" });
  const box = element("div", {}, image);
  let release = () => URL.revokeObjectURL(address);
  image.addEventListener("error", () => {
    URL.revokeObjectURL(address);
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const instead = download(bytes, type);
    release = instead.release;
    const why = element("p", { class: "muted" }, "This cannot be shown as a picture.");
    box.replaceChildren(why, instead.view ?? "");
  });
  return { view: box, release: () => release() };
}

/** @param {Uint8Array} bytes @param {string} type @returns {Body} */
function download(bytes, type) {
  const blob = new Blob([/** @type {BlobPart} */ (bytes)], { type: "application/octet-stream" });
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: "message" }, "Download");
  const said = `${bytesText(bytes.length)}${type ? ` of ${type}` : " of bytes"} `;
  return { view: element("p", { class: "bytes" }, said, link), release: () => URL.revokeObjectURL(address) };
}
