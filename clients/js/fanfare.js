// A Fanfare server, from a browser or Node: publish, hear, read what was said. Nothing is imported from elsewhere.
//
// Deliberately not here: storing cursors (keep `subscription.cursor` yourself), and changing what a subscription hears
// (make another one).

import { Subscription } from "./subscription.js";
import { TRANSPORTS } from "./transports.js";
import { FanfareError, backoff, decoded, moment, parameters, refusal } from "./wire.js";

export { EventStreamParser } from "./transports.js";
export { FanfareError, backoff } from "./wire.js";

/** @import * as Types from "./fanfare.d.ts" */
/** @typedef {Types.Transport} Transport */

const RETRY = { least: 1_000, most: 30_000 };
const PATIENCE = { greeting: 10_000, silence: 60_000 };
/** The server knows an id for two minutes; a publish is not begun again after that. */
const PUBLISH_MS = 90_000;
const ANSWER_MS = 60_000;
/** @type {Types.Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(/** @type {any} */ (timer)),
  random: () => Math.random(),
};

/** @implements {Types.Fanfare} */
export class Fanfare {
  /** @param {string | URL | null} [address] @param {Types.FanfareOptions} [options] */
  constructor(address, options = {}) {
    const base = address ?? /** @type {any} */ (globalThis).location?.origin;
    if (!base) throw new TypeError('where is the server? new Fanfare("http://localhost:8080")');
    this.base = new URL(String(base).replace(/\/*$/, "/"));
    this.clock = options.clock ?? CLOCK;
    this.retry = { ...RETRY, ...options.retry };
    this.patience = { ...PATIENCE, ...options.patience };
    this.fetch = options.fetch ?? ((address, init) => globalThis.fetch(address, init));
    this.WebSocket = options.WebSocket ?? /** @type {any} */ (globalThis).WebSocket;
    const wanted = options.transports ?? /** @type {Transport[]} */ (Object.keys(TRANSPORTS));
    for (const name of wanted) {
      if (!Object.hasOwn(TRANSPORTS, name)) {
        throw new TypeError(`no transport is called ${name}; there are ${Object.keys(TRANSPORTS).join(", ")}`);
      }
    }
    this.transports = wanted.filter((name) => name !== "websocket" || this.WebSocket);
    if (!this.transports.length) {
      throw new TypeError("no transport is left: here is no WebSocket; give one as the option WebSocket");
    }
  }

  /** @param {string | readonly string[]} channels @param {Types.SubscribeOptions} [options] @returns {Types.Subscription} */
  subscribe(channels, options = {}) {
    return new Subscription(this, typeof channels === "string" ? [channels] : [...channels], options);
  }

  /**
   * @param {string} channel @param {unknown} body @param {Types.PublishOptions} [options]
   * @returns {Promise<Types.Published>}
   */
  async publish(channel, body, { contentType, notice, signal, tags, ...fields } = {}) {
    const [bytes, type] = encode(body);
    const query = parameters({ ...fields, id: fields.id ?? newId(), tags: tagList(tags), content_type: contentType ?? type });
    // A long notice has no room in an address. Its UTF-8 is written byte by byte, as a header takes it.
    const text = notice === undefined || typeof notice === "string" ? notice : JSON.stringify(notice);
    const headers = text === undefined ? undefined : { Notice: String.fromCharCode(...new TextEncoder().encode(text)) };
    const target = `${path(channel)}?${query}`;
    const end = this.clock.now() + PUBLISH_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#ask(target, { method: "POST", body: bytes, headers, signal }, (response) => response.json());
      } catch (error) {
        signal?.throwIfAborted();
        const { retry, retryAfter } = error instanceof FanfareError ? error : { retry: "later", retryAfter: 0 };
        const wait = retryAfter + backoff(attempt, this.retry, this.clock.random);
        if (retry === "never" || this.clock.now() + wait > end) throw error;
        await this.#sleep(wait, signal);
      }
    }
  }

  /** @param {string} channel @param {Types.HistoryOptions} [options] @returns {Promise<Types.Page>} */
  async history(channel, { signal, since, ...options } = {}) {
    const target = `${path(channel)}?${parameters({ ...options, since: moment(since), via: "page" })}`;
    return this.#ask(target, { signal, cache: "no-store" }, async (response) => {
      const page = await response.json();
      const link = response.headers.get("link") ?? "";
      const before = /[?&]before=([^&>]*)[^>]*>; *rel="?prev/.exec(link)?.[1] ?? null;
      return { ...page, messages: page.messages.map(decoded), before, more: /rel="?next/.test(link) };
    });
  }

  /**
   * The answer to one request, if it is a success; else the error says why not.
   * @param {string} target relative to the server's address @param {RequestInit} init
   */
  async request(target, init) {
    const response = await this.fetch(new URL(target, this.base).href, init);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /**
   * @template T
   * @param {string} target @param {RequestInit} init @param {(response: Response) => Promise<T>} read
   */
  async #ask(target, init, read) {
    init.signal?.throwIfAborted();
    const abort = new AbortController();
    const stop = () => abort.abort(init.signal?.reason);
    const late = () => abort.abort(new Error(`the server did not answer within ${ANSWER_MS / 1000} s`));
    const timer = this.clock.setTimeout(late, ANSWER_MS);
    init.signal?.addEventListener("abort", stop);
    try {
      return await read(await this.request(target, { ...init, signal: abort.signal }));
    } finally {
      this.clock.clearTimeout(timer);
      init.signal?.removeEventListener("abort", stop);
    }
  }

  /** @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
  #sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      const stop = () => (this.clock.clearTimeout(timer), reject(signal?.reason));
      const timer = this.clock.setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), ms);
      signal?.addEventListener("abort", stop);
    });
  }
}

/** The bytes of a body and their content type. @param {any} body @returns {[BodyInit, string | undefined]} */
function encode(body) {
  // As bytes, for with text `fetch` would name a content type that nobody gave.
  if (typeof body === "string") return [new TextEncoder().encode(body), undefined];
  if (body instanceof Blob) return [body, body.type || undefined];
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return [/** @type {any} */ (body), undefined];
  const json = JSON.stringify(body);
  if (json === undefined) throw new TypeError("a body is text, bytes, a Blob, or what JSON can say");
  return [new TextEncoder().encode(json), "application/json"];
}

/** @param {Types.PublishOptions["tags"]} tags */
function tagList(tags) {
  if (tags === undefined || typeof tags === "string") return tags;
  /** @param {unknown} value */
  const quoted = (value) => (typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);
  return Object.entries(tags).map(([name, value]) => `${name}=${quoted(value)}`).join(",");
}

/** @param {string} channel */
function path(channel) {
  const segments = String(channel).split("/");
  // An address would be read as another one.
  if (segments.some((segment) => /^\.{0,2}$/.test(segment))) {
    throw new FanfareError({ code: 3001, name: "bad-name", detail: `${channel}: no segment is empty, . or ..`, retry: "never" });
  }
  return `c/${segments.map(encodeURIComponent).join("/")}`;
}

function newId() {
  // Not randomUUID: pages without TLS do not have it.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
