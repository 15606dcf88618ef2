// The connection of the page: it can be cut, connected again and moved to another transport, and always goes on after
// what was heard.

import { Fanfare } from "/web/fanfare.js";

const NEWEST = 50;
const TOLD = ["message", "gap", "caught-up", "state", "error"];

/** @typedef {import("/web/fanfare.js").Transport} Transport */

/** How fast the page hears, and what of the past, as its address says; what was edited or deleted as it is now. @param {URLSearchParams} said */
const wants = (said) => ({
  rate: said.get("rate") ?? undefined,
  bytes: said.get("bytes") ?? undefined,
  latest: said.has("latest") && !["false", "0"].includes(said.get("latest") ?? ""),
  view: /** @type {const} */ ("current"),
});

/** Tells the events of its subscriptions as its own. */
export class Hearing extends EventTarget {
  #channel;
  #filter = "";
  #wants = wants(new URLSearchParams(location.search));
  /** @type {import("/web/fanfare.js").Subscription | null} */
  #subscription = null;
  /** @type {string | null} */
  #cursor = null;
  /** @type {Transport[] | undefined} */
  #transports;

  /** @param {string} channel */
  constructor(channel) {
    super();
    this.#channel = channel;
  }

  get isCut() {
    return !this.#subscription || this.#subscription.state === "closed";
  }

  connect() {
    this.#leave();
    const fanfare = new Fanfare(null, { transports: this.#transports });
    const begin = this.#wants.latest ? {} : { last: NEWEST };
    const start = this.#cursor ? { after: this.#cursor } : begin;
    const subscription = fanfare.subscribe(this.#channel, { ...start, ...this.#wants, deltas: true, filter: this.#filter || undefined });
    this.#subscription = subscription;
    for (const type of TOLD) {
      subscription.addEventListener(type, (event) => {
        if (subscription !== this.#subscription) return;
        this.#cursor = subscription.cursor ?? this.#cursor;
        this.dispatchEvent(new CustomEvent(type, { detail: /** @type {CustomEvent} */ (event).detail }));
      });
    }
  }

  /** Begins anew, with what this filter accepts. @param {string} filter "" for everything */
  ask(filter) {
    this.#leave();
    this.#cursor = null;
    this.#filter = filter;
    this.connect();
  }

  cut() {
    this.#leave();
    this.dispatchEvent(new CustomEvent("state", { detail: { state: "closed", transport: null } }));
  }

  /** Goes on over this transport, or whichever works. @param {string} transport */
  travel(transport) {
    this.#transports = transport ? [/** @type {Transport} */ (transport)] : undefined;
    if (!this.isCut) this.connect();
  }

  #leave() {
    const left = this.#subscription;
    if (!left) return;
    this.#cursor = left.cursor ?? this.#cursor;
    this.#subscription = null;
    left.close();
  }
}
