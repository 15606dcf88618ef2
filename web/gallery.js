// The gallery: one channel, heard by every technique side by side.

import { pathOf } from "./address.js";
import { Camera } from "./camera.js";
import { drawing, element, find, give } from "./element.js";
import { TECHNIQUES } from "./techniques.js";

/** @typedef {import("./techniques.js").Technique} Technique */
/** @typedef {import("./techniques.js").Place} Place */

/** A browser keeps six connections to a host; one is for publishing. */
const HELD = 5;
/** Bars of the chart. */
const KEPT = 40;
const CHANNEL = new URLSearchParams(location.search).get("channel") || "gallery/demo";
const PATH = pathOf(CHANNEL);

class Card {
  /** @type {(() => void) | null} */
  #close = null;
  #opened = 0;
  #lost = 0;
  #bytes = 0;
  #messages = 0;
  /** @type {number[]} */
  #latencies = [];
  #after = "";
  #output = element("output", { "aria-live": "off" });
  #show = element("div", { class: "show" }, this.#output);
  #chart = drawing("svg", { class: "latencies", viewBox: `0 0 ${KEPT * 4} 32`, preserveAspectRatio: "none", "aria-hidden": true });
  #latency = element("dd", {}, "–");
  #cost = element("dd", {}, "–");
  #reconnects = element("dd", {}, "0");
  #switch = element("button", { type: "button", class: "switch" });
  #lamp = element("span", { class: "lamp", "aria-hidden": true });

  /** @param {Technique} technique @param {(card: Card) => void} switched */
  constructor(technique, switched) {
    this.technique = technique;
    const head = element("header", {}, this.#lamp, element("h2", {}, technique.name), element("span", { class: "year" }, technique.year), this.#switch);
    const figure = (/** @type {string} */ name, /** @type {HTMLElement} */ value) => element("div", {}, element("dt", {}, name), value);
    const figures = element("dl", {}, figure("Latency", this.#latency), figure("A message", this.#cost), figure("Reconnects", this.#reconnects));
    this.element = element("section", { class: "technique", "aria-label": technique.name }, head, element("p", { class: "about" }, technique.about), this.#show, this.#chart, figures);
    this.#switch.addEventListener("click", () => {
      if (this.isOpen) this.close();
      else this.open();
      switched(this);
    });
    this.#tell();
  }

  get isOpen() {
    return this.#close !== null;
  }

  /** When it was opened. */
  get opened() {
    return this.#opened;
  }

  open() {
    this.close();
    this.#opened = performance.now();
    const card = this;
    /** @type {Place} */
    const place = {
      path: PATH,
      get after() {
        return card.#after;
      },
      set after(cursor) {
        card.#after = cursor;
      },
      told: (text, bytes) => this.#hear(text, bytes),
      spent: (bytes) => this.#pay(bytes, 0),
      lost: () => {
        this.#lost += 1;
        this.#reconnects.textContent = String(this.#lost);
      },
      show: this.#show,
    };
    this.#close = this.technique.open(place);
    this.#tell();
  }

  close() {
    this.#close?.();
    this.#close = null;
    this.#tell();
  }

  /** Ends the connection and goes on from where it was. */
  cut() {
    if (!this.isOpen) return;
    this.open();
    this.#lost += 1;
    this.#reconnects.textContent = String(this.#lost);
  }

  #tell() {
    give(this.element, { "data-state": this.isOpen ? "open" : "off" });
    give(this.#lamp, { "data-state": this.isOpen ? "open" : "cut" });
    give(this.#switch, { "aria-pressed": String(this.isOpen) });
    this.#switch.textContent = this.isOpen ? "On" : "Off";
  }

  /** @param {number} bytes @param {number} messages */
  #pay(bytes, messages) {
    this.#bytes += bytes;
    this.#messages += messages;
    if (this.#messages) this.#cost.textContent = `${Math.round(this.#bytes / this.#messages)} B`;
  }

  /** @param {string} text */
  #hear(text, /** @type {number} */ bytes) {
    const said = JSON.parse(text);
    this.#after = said.cursor ?? this.#after;
    if (!("channel" in said)) return this.#pay(bytes, 0);
    this.#pay(bytes, 1);
    const body = said.body;
    const shown = typeof body?.number === "number" ? String(body.number) : typeof body === "string" ? body : JSON.stringify(body ?? "");
    this.#output.textContent = shown.slice(0, 120);
    this.#output.className = shown.length > 8 ? "long" : "";
    if (typeof body?.sent === "number") this.#time(Math.max(0, Date.now() - body.sent));
    this.element.classList.remove("fresh");
    requestAnimationFrame(() => this.element.classList.add("fresh"));
  }

  /** @param {number} latency */
  #time(latency) {
    this.#latencies = [...this.#latencies, latency].slice(-KEPT);
    const sorted = [...this.#latencies].sort((one, other) => one - other);
    const middle = sorted[Math.floor(sorted.length / 2)];
    this.#latency.textContent = middle < 1000 ? `${middle} ms` : `${(middle / 1000).toFixed(1)} s`;
    // From a millisecond to ten seconds.
    const bars = this.#latencies.map((value, index) => {
      const height = Math.max(2, (Math.log10(value + 1) / 4) * 32);
      return drawing("rect", { x: index * 4, y: 32 - height, width: 3, height, rx: 1 });
    });
    this.#chart.replaceChildren(...bars);
  }
}

/** @param {Card} card */
function makeRoom(card) {
  if (!card.technique.holds || !card.isOpen) return;
  const held = cards.filter((other) => other.isOpen && other.technique.holds).sort((one, other) => one.opened - other.opened);
  held.slice(0, Math.max(0, held.length - HELD)).forEach((other) => other.close());
}

const cards = TECHNIQUES.map((technique) => new Card(technique, makeRoom));
find("techniques", HTMLElement).append(...cards.map((card) => card.element));
const link = find("channel", HTMLAnchorElement);
link.href = PATH;
link.textContent = CHANNEL;

let number = 0;

async function publish() {
  number += 1;
  const body = JSON.stringify({ number, sent: Date.now() });
  const answer = await fetch(PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
  const said = answer?.ok ? `Published ${number}` : answer ? `Refused: ${answer.status}` : "The server does not answer";
  find("said", HTMLElement).textContent = said;
}

/** A button that is on or off. @param {string} id @param {(on: boolean) => void} turned */
function toggle(id, turned) {
  const button = find(id, HTMLButtonElement);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    turned(on);
  });
}

let streaming = 0;
toggle("stream", (on) => {
  clearInterval(streaming);
  if (on) streaming = window.setInterval(publish, 500);
});
const camera = new Camera(`${PATH}/camera`);
toggle("camera", (on) => (on ? camera.start() : camera.stop()));
find("publish", HTMLButtonElement).addEventListener("click", publish);
find("cut", HTMLButtonElement).addEventListener("click", () => cards.forEach((card) => card.cut()));
// What holds a response open would keep the page from ever being loaded.
const begin = () => cards.filter((card) => !card.technique.off).forEach((card) => card.open());
if (document.readyState === "complete") begin();
else addEventListener("load", () => setTimeout(begin));
