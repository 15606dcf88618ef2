// The transports: how messages come. Each opens one connection and turns what comes into the objects that JSON lines
// carry (docs/wire.md); only those are understood elsewhere.

import { FanfareError, parameters } from "./wire.js";

/** @import * as Types from "./fanfare.d.ts" */
/** @import { Client } from "./wire.js" */
/** @typedef {Types.Transport} Transport */
/** @typedef {Record<string, string | number>} Start */

/**
 * What a transport is lent for one connection. It ends by returning or throwing; `signal` ends it from outside.
 * @typedef {object} Line
 * @property {Client} fanfare
 * @property {readonly string[]} channels
 * @property {() => Start} start where to begin, as of now
 * @property {Record<string, string | number | boolean>} wants which messages are wanted, and how fast, and who is seen on the channels
 * @property {string} form how much of a message is to travel
 * @property {AbortSignal} signal
 * @property {() => void} opened the server has answered: this transport gets through
 * @property {(item: any) => void} hear one object of JSON lines
 * @property {(ms: number) => void} expect something is to come within this time, else the connection counts as dead
 * @property {(ms: number) => void} wait how long to wait before coming back, if this connection is cut
 */

/** Seconds that a long poll is held: shorter than the idle limits of usual proxies. */
const POLL_SECONDS = 25;
/** Characters of one block of an event stream: more than any body, as base64, that a server is likely to allow. */
const BLOCK_MOST = 64 << 20;

/** @type {Record<Transport, (line: Line) => Promise<void>>} */
export const TRANSPORTS = { websocket: overWebSocket, "event-stream": overEventStream, "long-poll": overLongPoll };

/** Whether nothing of the past is asked for. @param {Start} start @param {Line["wants"]} wants */
const isNow = (start, wants) => !Object.keys(start).length && !wants.latest;

/** @param {Line} line @returns {Promise<void>} */
function overWebSocket({ fanfare, channels, start, wants, form, signal, opened, hear, expect }) {
  return new Promise((_, reject) => {
    let ready = false;
    /** Where the server says that it begins, if nobody asked for another place. @type {any} */
    let greeting;
    const socket = new fanfare.WebSocket(new URL(`subscribe?as=${form}`, fanfare.base).href.replace("http", "ws"));
    signal.addEventListener("abort", () => (socket.terminate ? socket.terminate() : socket.close()));
    /** @param {any} item */
    const understand = (item) => {
      if (ready) expect(fanfare.patience.silence);
      if (item.reply === 1) {
        if (item.error) throw new FanfareError(item.error);
        ready = true;
        opened();
        if (greeting) {
          hear(greeting);
          hear({ caught_up: true });
        }
      } else if (typeof item.session === "string") {
        // Asked for here and not in the address: then a refusal can be read.
        if (isNow(start(), wants)) greeting = item;
        socket.send(JSON.stringify({ id: 1, subscribe: channels, ...wants, ...start() }));
      } else if (ready || Object.keys(item).length > 1) {
        hear(item);
      }
    };
    socket.addEventListener("message", (event) => {
      try {
        understand(JSON.parse(event.data));
      } catch (error) {
        reject(error);
      }
    });
    socket.addEventListener("error", (event) => reject(new Error(event.message || "the WebSocket failed")));
    socket.addEventListener("close", ({ code, reason }) => reject(new Error(`the WebSocket closed: ${code} ${reason}`)));
  });
}

/** @param {Line} line */
async function overEventStream({ fanfare, channels, start, wants, form, signal, opened, hear, expect, wait }) {
  const begin = start();
  const query = parameters({ ...begin, ...wants, channel: channels, via: "sse", as: form });
  const headers = { Accept: "text/event-stream" };
  const response = await fanfare.request(`subscribe?${query}`, { headers, cache: "no-store", signal });
  const type = response.headers.get("content-type") ?? "nothing";
  if (!response.body || !type.startsWith("text/event-stream")) throw new Error(`${type} came, not an event stream`);
  let ready = false;
  const parser = new EventStreamParser(({ id, data, retry }) => {
    if (retry !== undefined) wait(retry);
    opened();
    if (data !== undefined) hear(JSON.parse(data));
    else if (id) hear({ cursor: id });
    if (!ready && isNow(begin, wants)) hear({ caught_up: true });
    ready = true;
  });
  const reader = response.body.getReader();
  const text = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.push(text.decode(value, { stream: true }));
    if (ready) expect(fanfare.patience.silence);
  }
}

/** @param {Line} line */
async function overLongPoll({ fanfare, channels, start, wants, signal, opened, hear, expect }) {
  // The first are answered at once: they greet, and end when all that was said before is heard.
  for (let seconds = 0; ; ) {
    expect(seconds * 1000 + fanfare.patience.greeting);
    const query = parameters({ ...start(), ...wants, channel: channels, via: "poll", wait: seconds });
    const response = await fanfare.request(`subscribe?${query}`, { cache: "no-store", signal });
    const { messages = [], gap = null, gaps = gap ? [gap] : [], cursor = response.headers.get("cursor") } =
      response.status === 204 ? {} : await response.json();
    if (!cursor) throw new Error("an answer came without a cursor: it is not a Fanfare server's, or a proxy took it out");
    opened();
    for (const gap of gaps) hear({ gap });
    for (const message of messages) hear(message);
    hear({ cursor });
    if (seconds || messages.length) continue;
    seconds = POLL_SECONDS;
    hear({ caught_up: true });
  }
}

/** @implements {Types.EventStreamParser} */
export class EventStreamParser {
  #rest = "";
  #afterReturn = false;
  /** @type {Types.EventStreamBlock} */
  #block = {};
  #hear;

  /** @param {(block: Types.EventStreamBlock) => void} hear */
  constructor(hear) {
    this.#hear = hear;
  }

  /** @param {string} text */
  push(text) {
    if (!text) return;
    // A line may end with CR LF, and the piece between them.
    const from = this.#afterReturn && text.startsWith("\n") ? 1 : 0;
    this.#afterReturn = text.endsWith("\r");
    const lines = text.slice(from).split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    if (this.#rest.length + (this.#block.data?.length ?? 0) > BLOCK_MOST) throw new Error("the event stream has no end");
  }

  /** @param {string} line */
  #line(line) {
    if (!line) {
      const block = this.#block;
      this.#block = {};
      if (Object.keys(block).length) this.#hear(block);
      return;
    }
    const [, field, value] = /** @type {string[]} */ (/^([^:]*)(?:: ?)?([^]*)$/.exec(line));
    const block = this.#block;
    if (field === "data") block.data = block.data === undefined ? value : `${block.data}\n${value}`;
    else if (field === "event") block.event = value;
    else if (field === "id" && !value.includes("\0")) block.id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) block.retry = Number(value);
  }
}
