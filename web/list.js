// The messages on the page, newest first: so many and no more, held back, walked through.
//
// Messages are drawn together once a frame, however fast they come. A page that is not seen has no frames; it keeps what
// it would draw, and no more than it would show.

import { find } from "./element.js";
import { counted } from "./figures.js";
import { amendedEntry, gapEntry, messageEntry } from "./message.js";

const SHOWN_MOST = 500;
const FRAME_MOST = 60;

/** @typedef {{ message?: any, gap?: any, fresh: boolean }} Heard */

export class MessageList {
  #list = find("list", HTMLOListElement);
  #held = find("held", HTMLButtonElement);
  #nothing = find("nothing", HTMLParagraphElement);
  #end = find("end", HTMLParagraphElement);
  /** Newest first, as in the list. @type {import("./message.js").Entry[]} */
  #entries = [];
  /** Oldest first. @type {Heard[]} */
  #waiting = [];
  #waitingCount = 0;
  #dropped = 0;
  #frame = 0;
  #withChannel;
  /** The one message that the Tab key comes to. @type {HTMLElement | null} */
  #current = null;

  paused = false;

  /** @param {boolean} withChannel */
  constructor(withChannel) {
    this.#withChannel = withChannel;
    this.#list.addEventListener("focusin", (event) => {
      const item = /** @type {Element} */ (event.target).closest("li");
      if (item) this.#stop(item);
    });
  }

  /** @param {Heard} heard */
  add(heard) {
    this.#waiting.push(heard);
    if (heard.message) this.#waitingCount += 1;
    if (this.#waiting.length > SHOWN_MOST) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#ask();
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.paused = paused;
    this.#ask();
  }

  /** Says that there is nothing, if so: what was said before has been heard. */
  settled() {
    this.#nothing.hidden = this.#entries.length + this.#waiting.length > 0;
  }

  /** Forgets everything. @param {string} nothing what is said if nothing comes */
  begin(nothing) {
    for (const entry of this.#entries) entry.release();
    this.#entries = [];
    this.#waiting = [];
    this.#waitingCount = this.#dropped = 0;
    this.#current = null;
    this.#list.replaceChildren();
    this.#nothing.textContent = nothing;
    this.#nothing.hidden = true;
    this.#say();
    this.#ask();
  }

  /** Moves to the next message below, or above. @param {1 | -1} step */
  walk(step) {
    const items = this.#entries.map((entry) => entry.item);
    if (!items.length) return;
    const inside = this.#list.contains(document.activeElement);
    const now = this.#current ? items.indexOf(/** @type {HTMLLIElement} */ (this.#current)) : -1;
    const next = inside || now > 0 ? now + step : 0;
    items[Math.max(0, Math.min(items.length - 1, next))].focus();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    if (!this.paused) this.#place();
    this.#held.hidden = !this.paused || this.#waitingCount === 0;
    this.#held.textContent = `Show ${counted(this.#waitingCount, "new message")}`;
  }

  #place() {
    const some = this.#waiting.splice(0, FRAME_MOST);
    this.#waitingCount = this.#waiting.filter((heard) => heard.message).length;
    if (this.#waiting.length) this.#ask();
    /** @type {import("./message.js").Entry[]} */
    const entries = [];
    for (const { message, gap, fresh } of some) {
      if (message?.replaces || message?.deletes) {
        this.#amend(message, entries);
        continue;
      }
      const entry = message ? messageEntry(message, this.#withChannel) : gapEntry(gap);
      if (fresh) entry.item.classList.add("fresh");
      entries.push(entry);
    }
    entries.reverse();
    this.#list.prepend(...entries.map((entry) => entry.item));
    this.#entries.unshift(...entries);
    for (const entry of this.#entries.splice(SHOWN_MOST)) {
      entry.item.remove();
      entry.release();
      this.#dropped += 1;
    }
    if (!this.#current?.isConnected || !this.#list.contains(document.activeElement)) {
      if (this.#entries.length) this.#stop(this.#entries[0].item);
    }
    if (this.#entries.length) this.#nothing.hidden = true;
    this.#say();
  }

  /** Changes the message that an edit or a delete is of, if it is on the page. @param {any} amending @param {import("./message.js").Entry[]} fresh */
  #amend(amending, fresh) {
    const target = amending.replaces ?? amending.deletes;
    for (const entries of [fresh, this.#entries]) {
      const index = entries.findIndex(
        ({ message }) => message?.position === target && message.channel === amending.channel,
      );
      if (index < 0) continue;
      const before = entries[index];
      // What is shown may be of a newer edit: what is current was told first, and then what had happened.
      if ((before.message.edited ?? 0) >= amending.position) return;
      const entry = amendedEntry(before.message, amending, this.#withChannel);
      entry.item.tabIndex = before.item.tabIndex;
      if (this.#current === before.item) this.#current = entry.item;
      const focused = before.item === document.activeElement;
      before.item.replaceWith(entry.item);
      if (focused) entry.item.focus({ preventScroll: true });
      before.release();
      entries[index] = entry;
      return;
    }
  }

  /** @param {HTMLElement} item */
  #stop(item) {
    if (this.#current) this.#current.tabIndex = -1;
    item.tabIndex = 0;
    this.#current = item;
  }

  #say() {
    this.#end.textContent = `Only the newest ${SHOWN_MOST} are on this page.`;
    this.#end.hidden = !this.#dropped;
  }
}
