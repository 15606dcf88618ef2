// A subscription: a cursor and a connection. The connection may end at any time and be opened again on another
// transport: what is heard goes on after the cursor, so nothing is missing and nothing comes twice.

import { Held } from "./held.js";
import { TRANSPORTS } from "./transports.js";
import { FanfareError, backoff, decoded, moment, present } from "./wire.js";

/** @import * as Types from "./fanfare.d.ts" */
/** @import { Client } from "./wire.js" */
/** @typedef {Types.Transport} Transport */
/** @typedef {Record<string, string | number>} Start */

/** Messages kept for a slow loop; then the connection waits until they are read, and goes on from the cursor. */
const HELD_MOST = 1_000;
/** A connection that lived so long was a good one: the next failure is the first again. */
const SETTLED_MS = 5_000;
/** A transport that once worked is left after so many failures in a row. */
const FAILURES_MOST = 3;
/** Refusals that are about a transport, not about what was asked. */
const TRANSPORT_STATUSES = [406, 426, 501, 505];
const AGAIN = new Error("reconnect was asked for");
const BEHIND = new Error(`${HELD_MOST} messages wait to be read`);

/** @implements {Types.Subscription} */
export class Subscription extends EventTarget {
  /** @type {Types.State} */
  #state = "connecting";
  /** @type {Transport | null} */
  #transport = null;
  /** The cursor to go on from, @type {string | null} */
  #place;
  /** @type {Start} */
  #start;
  /** Where the server says that it begins, @type {string | null} */
  #greeting = null;
  /** Messages without a cursor, heard since the last cursor: going on from it brings them again. @type {Set<string>} */
  #heard = new Set();
  /** Messages that nobody has taken yet. @type {Types.Message[]} */
  #held = [];
  /** Where whoever takes them is. @type {string | null} */
  #taken = null;
  /** What this connection has brought, while bodies may come as changes. @type {Held | null} */
  #changes = null;
  #listening = false;
  #looping = false;
  /** @type {FanfareError | null} */
  #failure = null;
  #line = new AbortController();
  #rouse = () => {};
  #drained = () => {};
  #wakeLoop = () => {};
  #wants;
  #path;
  #fanfare;
  #signal;
  /** @type {any} */
  #page = globalThis;

  /** @param {Client} fanfare @param {string[]} channels @param {Types.SubscribeOptions} options */
  constructor(fanfare, channels, { after, last, since, filter, latest, rate, bytes, view, deltas, presence, signal }) {
    super();
    if (!channels.length) throw new TypeError("which channels? subscribe needs at least one");
    this.#fanfare = fanfare;
    this.channels = Object.freeze(channels);
    this.#place = after ?? null;
    this.#start = present({ last, since: moment(since) });
    this.#wants = present({ filter, latest: latest || undefined, rate, bytes, view, presence });
    this.#changes = deltas ? new Held() : null;
    this.#path = new Path(fanfare.transports, fanfare.retry, fanfare.clock.random);
    this.#signal = signal;
    signal?.addEventListener("abort", this.#stop);
    this.#page.addEventListener?.("online", this.#online);
    // Whoever subscribes may add listeners first.
    queueMicrotask(() => (signal?.aborted ? this.close() : this.#run()));
  }

  get cursor() {
    return this.#held.length ? this.#taken : this.#place;
  }

  get transport() {
    return this.#transport;
  }

  get state() {
    return this.#state;
  }

  close() {
    this.#held = [];
    this.#end();
  }

  reconnect() {
    this.#path.again();
    this.#line.abort(AGAIN);
    this.#rouse();
  }

  /** @param {string} type @param {any} listener @param {any} [options] */
  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options);
    if (type !== "message" || this.#listening) return;
    this.#listening = true;
    queueMicrotask(() => {
      while (this.#held.length && !this.#looping) this.#tell("message", this.#take());
    });
  }

  async *[Symbol.asyncIterator]() {
    if (this.#looping) throw new Error("a loop is reading this subscription; make another subscription for a second");
    this.#looping = true;
    try {
      for (;;) {
        while (this.#held.length) yield this.#take();
        if (this.#failure) throw this.#failure;
        if (this.#state === "closed") return;
        await new Promise((resolve) => (this.#wakeLoop = () => resolve(null)));
      }
    } finally {
      this.close();
    }
  }

  #stop = () => this.close();
  #online = () => this.#rouse();

  #end() {
    if (this.#state === "closed") return;
    this.#line.abort(new Error("the subscription was closed"));
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#page.removeEventListener?.("online", this.#online);
    this.#rouse();
    this.#change("closed", null);
    this.#wakeLoop();
  }

  async #run() {
    let why;
    while (this.#state !== "closed") {
      const cut = await this.#connect(this.#path.transport, why);
      if (this.state !== "closed") await this.#rest(cut);
      why = cut.why;
    }
  }

  /** @param {Transport} name @param {string} [why] */
  async #connect(name, why) {
    const { clock, patience } = this.#fanfare;
    const line = (this.#line = new AbortController());
    const cut = { why: "the connection ended", settled: false, unusable: false, refused: false, again: false, floor: 0 };
    let [opened, heard, due] = [0, 0, 0];
    /** @type {unknown} */
    let timer;
    const look = () => {
      const left = due - clock.now();
      if (left > 0) return void (timer = clock.setTimeout(look, left));
      // What passed a sign of life before has lost its peer; what never did holds them back.
      cut.unusable = opened > 0 && heard - opened < patience.silence / 2;
      line.abort(new Error(opened ? "nothing was heard any more" : "no greeting came"));
    };
    /** @param {number} ms */
    const expect = (ms) => {
      heard = clock.now();
      due = heard + ms;
      timer ??= clock.setTimeout(look, ms);
    };
    if (this.#changes) this.#changes = new Held();
    this.#change("connecting", name, { why });
    expect(patience.greeting);
    try {
      line.signal.throwIfAborted();
      const stopped = new Promise((_, reject) => line.signal.addEventListener("abort", () => reject(line.signal.reason)));
      const ended = TRANSPORTS[name]({
        fanfare: this.#fanfare,
        channels: this.channels,
        start: () => (this.#place ? { after: this.#place } : this.#start),
        wants: this.#wants,
        form: this.#changes ? "delta" : "envelope",
        signal: line.signal,
        opened: () => {
          if (opened || line.signal.aborted) return;
          opened = clock.now();
          this.#path.opened();
          this.#change("open", name);
        },
        hear: (item) => line.signal.aborted || this.#hear(item),
        expect,
        wait: (ms) => (cut.floor = ms),
      });
      await Promise.race([ended, stopped]);
    } catch (error) {
      this.#judge(error, cut);
    }
    clock.clearTimeout(timer);
    line.abort();
    cut.settled = opened > 0 && clock.now() - opened >= SETTLED_MS;
    cut.why = `${name}: ${cut.why}`;
    return cut;
  }

  /** What an error means for the next try. @param {any} error @param {Cut & { why: string, again: boolean }} cut */
  #judge(error, cut) {
    cut.why = error?.cause?.message || error?.message || String(error);
    cut.again = error === AGAIN;
    if (!(error instanceof FanfareError) || !error.code || TRANSPORT_STATUSES.includes(error.status)) return;
    cut.refused = true;
    cut.floor = error.retryAfter;
    const { code, name, detail, retry } = error;
    // Codes below 2000 are about the connection alone.
    if (code >= 2000 || retry === "never") this.#tell("error", { code, name, detail, retry });
    if (retry !== "never") return;
    this.#failure = error;
    this.#end();
  }

  /** @param {Cut & { why: string, again: boolean }} cut */
  async #rest(cut) {
    if (cut.again) return;
    const { clock } = this.#fanfare;
    const behind = this.#held.length >= HELD_MOST;
    const retryIn = behind ? undefined : this.#path.next(cut);
    if (retryIn === 0) return;
    const rested = new Promise((resolve) => {
      const timer = retryIn && clock.setTimeout(() => resolve(null), retryIn);
      this.#rouse = () => (clock.clearTimeout(timer), resolve(null));
    });
    if (behind) this.#drained = this.#rouse;
    this.#change("waiting", null, { why: cut.why, retryIn });
    await rested;
  }

  /** @param {any} item */
  #hear(item) {
    if ("position" in item) return this.#hearMessage(item);
    if (item.session) this.#greeting = item.cursor;
    if (item.cursor) this.#move(item.cursor);
    if (item.snapshot && !Object.keys(this.#start).length) {
      // Asked for or not: whoever is cut before its end needs all of it again.
      if (this.#place === this.#greeting) this.#place = null;
      this.#wants.latest = true;
    }
    if (item.gap) this.#tell("gap", item.gap);
    if (item.caught_up) {
      // Whoever comes back later hears everything.
      delete this.#wants.latest;
      this.#tell("caught-up", { cursor: this.#place });
    }
    if (item.error) this.#tell("error", item.error);
    if (item.closing) throw new FanfareError(item.closing, 0, item.closing.retry_ms);
  }

  /** @param {any} item */
  #hearMessage(item) {
    const whole = this.#whole(item);
    const name = `${item.position} ${item.channel}`;
    const again = this.#heard.has(name);
    if (!this.#held.length) this.#taken = this.#place;
    if (item.cursor) this.#move(item.cursor);
    else this.#heard.add(name);
    if (again) return;
    const message = decoded(whole);
    const waiting = this.#held.length > 0;
    if (this.#looping || !this.#listening || waiting) this.#held.push(message);
    if (this.#listening && (this.#looping || !waiting)) this.#tell("message", message);
    this.#wakeLoop();
    if (this.#held.length >= HELD_MOST) this.#line.abort(BEHIND);
  }

  /** @param {any} item */
  #whole(item) {
    if (this.#transport === "long-poll") return item;
    try {
      return this.#changes?.whole(item) ?? item;
    } catch (error) {
      // Nothing more is heard of this connection, and the next one brings whole bodies.
      this.#changes = null;
      this.#line.abort(error);
      throw error;
    }
  }

  /** @param {string} cursor */
  #move(cursor) {
    this.#place = cursor;
    this.#heard.clear();
  }

  #take() {
    const message = /** @type {Types.Message} */ (this.#held.shift());
    this.#taken = message.cursor ?? this.#taken;
    if (!this.#held.length) this.#drained();
    return message;
  }

  /** @param {Types.State} state @param {Transport | null} transport @param {Partial<Types.StateChange>} [more] */
  #change(state, transport, more = {}) {
    this.#state = state;
    this.#transport = state === "open" ? transport : null;
    this.#tell("state", { state, transport, ...present(more) });
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @typedef {{ settled?: boolean, unusable?: boolean, refused?: boolean, floor?: number }} Cut how a connection ended */

/** Which transport is tried next, and after how long. */
class Path {
  #index = 0;
  #failures = 0;
  #waits = 0;
  /** Those that got through: their failures are more likely the server's. @type {Set<Transport>} */
  #proven = new Set();
  #transports;
  #retry;
  #random;

  /** @param {Transport[]} transports @param {Types.Retry} retry @param {() => number} random */
  constructor(transports, retry, random) {
    this.#transports = transports;
    this.#retry = retry;
    this.#random = random;
  }

  get transport() {
    return this.#transports[this.#index];
  }

  opened() {
    this.#proven.add(this.transport);
  }

  again() {
    this.#index = this.#failures = this.#waits = 0;
    this.#proven.clear();
  }

  /** Milliseconds until `transport`, which may be another one now, is to be tried. @param {Cut} cut */
  next({ settled = false, unusable = false, refused = false, floor = 0 }) {
    if (settled) this.#failures = this.#waits = 0;
    if (unusable) this.#proven.delete(this.transport);
    this.#failures += 1;
    const proven = this.#proven.has(this.transport);
    if (refused && !proven) this.#index = 0;
    if (!refused && (!proven || this.#failures >= FAILURES_MOST)) {
      this.#failures = 0;
      this.#index += 1;
      if (this.#index < this.#transports.length) return 0;
      this.#index = 0;
    }
    const wait = backoff(this.#waits, this.#retry, this.#random);
    this.#waits += 1;
    return Math.max(1, Math.round(floor + wait));
  }
}
