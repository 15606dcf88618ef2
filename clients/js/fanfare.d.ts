// The types of fanfare.js, which takes its own from here: they cannot differ.

/** How messages travel, best first. */
export type Transport = "websocket" | "event-stream" | "long-poll";

/** Opaque text: everything up to here was heard or not wanted. */
export type Cursor = string;

export type State = "connecting" | "open" | "waiting" | "closed";

/** A message as in docs/wire.md, "The envelope"; bytes that are not text come as `Uint8Array`. */
export interface Message {
  channel: string;
  position: number;
  previous?: number;
  /** When it was accepted: RFC 3339, UTC. */
  time: string;
  id: string;
  key?: string;
  priority?: number;
  tags?: Record<string, string | number | boolean>;
  event?: string;
  content_type?: string;
  notice?: Record<string, unknown>;
  expires?: string;
  /** It is an edit of the message at this position. */
  replaces?: number;
  /** It is a delete of the message at this position; it has no body. */
  deletes?: number;
  /** It is shown as the edit at this position has it. */
  edited?: number;
  /** It was deleted, and has no body. */
  deleted?: true;
  /** A JSON value, text, or bytes: the content type tells. */
  body: any;
  /** Where a reader is that has heard this message. */
  cursor?: Cursor;
}

/** Messages after `from` up to `to` may be missing. */
export interface Gap {
  from: number;
  to: number;
  reason: "trimmed" | "purged" | "epoch" | "went-back" | (string & {});
}

/** Why the server refused; the codes are in docs/wire.md, "Refusals". */
export interface Refusal {
  code: number;
  name: string;
  detail: string;
  retry: "now" | "later" | "never";
}

export interface StateChange {
  state: State;
  /** The transport that is tried or in use. */
  transport: Transport | null;
  /** What ended the one before. */
  why?: string;
  /** Milliseconds until the next try, when `state` is "waiting". */
  retryIn?: number;
}

export interface SubscriptionEvents {
  message: CustomEvent<Message>;
  gap: CustomEvent<Gap>;
  "caught-up": CustomEvent<{ cursor: Cursor | null }>;
  state: CustomEvent<StateChange>;
  error: CustomEvent<Refusal>;
}

/** Where time and chance come from; tests give their own. Times are milliseconds. */
export interface Clock {
  now(): number;
  setTimeout(call: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** From 0 to below 1. */
  random(): number;
}

/** The bounds of the waits between tries, in milliseconds. */
export interface Retry {
  /** The first wait is at most this long. 1000 unless told. */
  least: number;
  /** No wait is drawn longer than this. 30000 unless told; at least `least`. */
  most: number;
}

/** When a transport counts as broken, in milliseconds. */
export interface Patience {
  /** Until a connection has opened and its greeting has come. 10000 unless told. */
  greeting: number;
  /** Until something is heard again: the server gives a sign of life every 25 s. 60000 unless told. */
  silence: number;
}

/** What is used of a WebSocket: the browser's, Node's, and npm `ws` have it. */
export interface WebSocketLike {
  addEventListener(type: any, listener: (event: any) => void): void;
  send(text: string): void;
  close(): void;
  terminate?(): void;
}

export interface FanfareOptions {
  /** Tried in this order: "websocket", "event-stream", "long-poll" unless told. */
  transports?: Transport[];
  retry?: Partial<Retry>;
  patience?: Partial<Patience>;
  fetch?: (address: string, init?: RequestInit) => Promise<Response>;
  /** A constructor, where there is no global one (Node 20): npm `ws` will do. */
  WebSocket?: new (address: string) => WebSocketLike;
  clock?: Clock;
}

export interface SubscribeOptions {
  /** Go on after what this cursor has heard. Beats `last` and `since`. */
  after?: Cursor | null;
  /** Begin with the newest messages, 0 to 10000. */
  last?: number;
  /** Begin with what was said since: a moment, or a duration such as "10m". */
  since?: string | number | Date;
  /** Hear only what it accepts: docs/preferences.md. */
  filter?: string;
  /** Of what was said before, only the newest message of each channel and key; without a place to begin, of all that is kept. */
  latest?: boolean;
  /** At most so many messages of each key, and without a key, a second; of each key the newest. */
  rate?: number | string;
  /** At most so many bytes a second, such as "50k"; of each key the newest. */
  bytes?: number | string;
  /** "current": messages as they are now, as far as that happened before this has caught up; "events": as it happened. */
  view?: "events" | "current";
  /**
   * Have bodies sent as what has changed since the message before, where that is shorter. What is heard is the same; the newest
   * body of each key is kept in memory for it.
   */
  deltas?: boolean;
  /** Be seen on the channels as this member, as long as this goes on; none of them is a pattern then: docs/presence.md. */
  presence?: string;
  /** Closes the subscription. */
  signal?: AbortSignal;
}

export interface PublishOptions {
  /** A newer message with the same key replaces the older. */
  key?: string;
  /** Seconds, or a duration such as "10m". */
  ttl?: number | string;
  /** 1 to 5, or a name such as "high". */
  priority?: number | string;
  tags?: Record<string, string | number | boolean> | string;
  event?: string;
  /** It is an edit: what it says replaces what the message at this position said. */
  replaces?: number;
  /** It is a delete, with an empty body: what the message at this position said is erased. */
  deletes?: number;
  /** Says which publish this is, when it is tried again; made if none is given. */
  id?: string;
  contentType?: string;
  /** What a person sees. */
  notice?: Record<string, unknown> | string;
  signal?: AbortSignal;
}

export interface Published {
  channel: string;
  position: number;
  cursor: Cursor;
  id: string;
  time: string;
}

export interface HistoryOptions {
  after?: Cursor;
  before?: Cursor;
  last?: number;
  since?: string | number | Date;
  /** Only messages that it accepts: docs/preferences.md. */
  filter?: string;
  /** Of each channel and key only the newest message; without a place to begin, of all that is kept. */
  latest?: boolean;
  /** "current": messages as they are now; "events": edits and deletes as they happened. */
  view?: "events" | "current";
  /** At most 1000 messages. */
  limit?: number;
  signal?: AbortSignal;
}

export interface Page {
  messages: Message[];
  /** Where any transport can go on. */
  cursor: Cursor;
  gap: Gap | null;
  /** All gaps, where there is more than one. */
  gaps?: Gap[];
  /** Give it back as `before` for the page of older messages; null if there are none. */
  before: Cursor | null;
  /** Whether there is more after this page. */
  more: boolean;
}

/** A refusal of the server, or an answer that is not a Fanfare server's (`code` 0). */
export class FanfareError extends Error implements Refusal {
  constructor(refusal: Partial<Refusal>, status?: number, retryAfter?: number);
  code: number;
  name: string;
  detail: string;
  retry: "now" | "later" | "never";
  /** Of the HTTP answer; 0 if it was told otherwise. */
  status: number;
  /** Milliseconds the server asked to wait; 0 if it did not ask. */
  retryAfter: number;
}

/** Hears channels until it is closed, over whatever transport works. Made by `Fanfare.subscribe`. */
export interface Subscription extends EventTarget, AsyncIterable<Message> {
  readonly channels: readonly string[];
  /** Keep it, and give it back as `after`. In a listener or a loop it covers the message at hand. */
  readonly cursor: Cursor | null;
  /** What is in use; null while nothing is. */
  readonly transport: Transport | null;
  readonly state: State;
  /** Ends everything at once: connection, timers, loops. */
  close(): void;
  /** Tries again now, beginning with the first transport. */
  reconnect(): void;
  addEventListener<K extends keyof SubscriptionEvents>(
    type: K,
    listener: ((event: SubscriptionEvents[K]) => void) | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SubscriptionEvents>(
    type: K,
    listener: ((event: SubscriptionEvents[K]) => void) | null,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /** One loop at a time. Leaving it closes the subscription; a refusal ends it with a `FanfareError`. */
  [Symbol.asyncIterator](): AsyncGenerator<Message, void, void>;
}

/** One server. */
export class Fanfare {
  /** In a page, `address` is the page's own origin unless told. */
  constructor(address?: string | URL | null, options?: FanfareOptions);
  /** Hears a channel, a pattern, or up to 256 of them. Refused requests come as "error" events. */
  subscribe(channels: string | readonly string[], options?: SubscribeOptions): Subscription;
  /** Resolves when the message is stored; tried again with the same id for as long as that is safe. */
  publish(channel: string, body: unknown, options?: PublishOptions): Promise<Published>;
  /** A page of what was said: the newest 100 messages unless told otherwise. */
  history(channel: string, options?: HistoryOptions): Promise<Page>;
}

/** What lies between two empty lines of an event stream; only what was there. */
export interface EventStreamBlock {
  id?: string;
  event?: string;
  data?: string;
  retry?: number;
}

/** The event stream format (HTML standard, section 9.2) in pieces of any size. */
export class EventStreamParser {
  constructor(hear: (block: EventStreamBlock) => void);
  push(text: string): void;
}

/** Exponential, with full jitter: anything from 0 to `least` doubled `attempt` times, at most `most`. */
export function backoff(attempt: number, retry: Retry, random: () => number): number;
