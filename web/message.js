// One message, or one gap, as an item of the list.

import { pathOf } from "./address.js";
import { bodyView } from "./body.js";
import { element } from "./element.js";
import { clockText, fullText } from "./figures.js";

const PRIORITIES = ["", "lowest priority", "low priority", "", "high priority", "highest priority"];

/** @typedef {{ item: HTMLLIElement, message?: any, release: () => void }} Entry `release` once it is not shown any more */

/** @param {any} message @param {boolean} withChannel @returns {Entry} */
export function messageEntry(message, withChannel) {
  const body = bodyView(message);
  const item = element(
    "li",
    { class: `message ${message.priority >= 4 ? "urgent" : ""}`, tabindex: "-1" },
    head(message, withChannel),
    noticeView(message.notice),
    body.view ?? (message.notice ? null : element("p", { class: "muted" }, "without a body")),
  );
  return { item, message, release: body.release };
}

/** A message as an edit has it, or what is left of one that was deleted. @param {any} message @param {any} amending @param {boolean} withChannel @returns {Entry} */
export function amendedEntry(message, amending, withChannel) {
  const { channel, position, time } = message;
  if (amending.replaces) {
    const { replaces: _, ...said } = amending;
    return messageEntry({ ...said, channel, position, time, edited: amending.position }, withChannel);
  }
  const left = { channel, position, time, edited: amending.position };
  const words = element("p", { class: "muted" }, "deleted");
  const item = element("li", { class: "message deleted", tabindex: "-1" }, head({ ...left, edited: 0 }, withChannel), words);
  return { item, message: left, release() {} };
}

/** @param {{ from: number, to: number, reason: string }} gap @returns {Entry} */
export function gapEntry(gap) {
  return { item: element("li", { class: "gap", tabindex: "-1" }, element("span", {}, gapText(gap))), release() {} };
}

/** @param {{ from: number, to: number, reason: string }} gap */
function gapText({ from, to, reason }) {
  if (reason === "epoch") return "What was said before is gone: the log began anew";
  if (reason === "went-back") return "The log was restored from an earlier copy: what came after it is gone";
  const one = to - from === 1;
  const range = one ? `message ${to}` : `messages ${from + 1} to ${to}`;
  const what = range[0].toUpperCase() + range.slice(1);
  if (reason === "purged") return `${what} ${one ? "was" : "were"} removed`;
  if (reason === "trimmed") return `${what} ${one ? "is" : "are"} no longer kept`;
  return `${what} may be missing (${reason})`;
}

/** @param {any} message @param {boolean} withChannel */
function head(message, withChannel) {
  const time = new Date(message.time);
  const priority = PRIORITIES[message.priority ?? 0];
  return element(
    "div",
    { class: "head" },
    element("time", { datetime: message.time, title: fullText(time) }, clockText(time)),
    withChannel && element("a", { class: "channel", href: pathOf(message.channel) }, message.channel),
    message.event && element("span", { class: "event", title: "Event" }, message.event),
    message.key && labelled("key", message.key),
    priority && element("span", { class: "chip priority" }, priority),
    message.edited && element("span", { class: "chip", title: `By message ${message.edited}` }, "edited"),
    ...Object.entries(message.tags ?? {}).map(([name, value]) => labelled(name, value)),
    element("span", { class: "position", title: "Position" }, `#${message.position}`),
  );
}

/** @param {string} name @param {unknown} value */
function labelled(name, value) {
  if (value === true) return element("span", { class: "chip" }, name);
  return element("span", { class: "chip" }, element("span", { class: "chip-name" }, `${name} `), String(value));
}

/** @param {any} notice */
function noticeView(notice) {
  if (typeof notice !== "object" || notice === null) return null;
  const text = (/** @type {unknown} */ part) => (typeof part === "string" && part ? part : null);
  const [title, words, click] = [text(notice.title), text(notice.text ?? notice.body), link(notice.click)];
  const icon = ownPicture(notice.icon);
  const image = ownPicture(notice.image);
  if (!title && !words && !icon && !image) return null;
  return element(
    "div",
    { class: "notice" },
    icon && element("img", { class: "icon", src: icon, alt: "", width: 40, height: 40 }),
    element(
      "div",
      {},
      title && element("p", { class: "notice-title" }, title),
      words && element("p", { class: "notice-text" }, words),
      image && element("img", { class: "picture", src: image, alt: "" }),
      click && element("a", { href: click, rel: "noopener noreferrer", target: "_blank" }, click),
    ),
  );
}

/** Pictures from elsewhere would tell others who reads here. @param {unknown} address */
function ownPicture(address) {
  if (typeof address !== "string" || !URL.canParse(address, location.href)) return null;
  const url = new URL(address, location.href);
  return url.origin === location.origin || /^data:image\//i.test(url.href) ? url.href : null;
}

/** @param {unknown} address */
function link(address) {
  if (typeof address !== "string" || !URL.canParse(address, location.href)) return null;
  const url = new URL(address, location.href);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}
