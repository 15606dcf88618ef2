// What travels between a Fanfare server and this client: refusals, messages and parameters (docs/wire.md).

/** @import * as Types from "./fanfare.d.ts" */

/**
 * What subscriptions and transports use of a `Fanfare`.
 * @typedef {object} Client
 * @property {URL} base
 * @property {Types.Transport[]} transports
 * @property {Types.Retry} retry
 * @property {Types.Patience} patience
 * @property {Types.Clock} clock
 * @property {new (address: string) => Types.WebSocketLike} WebSocket
 * @property {(target: string, init: RequestInit) => Promise<Response>} request
 */

/** @implements {Types.FanfareError} */
export class FanfareError extends Error {
  /** @param {Partial<Types.Refusal>} refusal */
  constructor({ code = 0, name = "unknown", detail = name, retry = "later" }, status = 0, retryAfter = 0) {
    super(detail);
    Object.assign(this, { name });
    this.code = code;
    this.detail = detail;
    this.retry = retry;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** @param {Response} response */
export async function refusal(response) {
  const after = Number(response.headers.get("retry-after") ?? 0) * 1000 || 0;
  const told = /problem\+json/.test(response.headers.get("content-type") ?? "") && (await response.json().catch(() => null));
  if (told?.code) return new FanfareError(told, response.status, after);
  response.body?.cancel().catch(() => {});
  const retry = [408, 429, 502, 503, 504].includes(response.status) ? "later" : "never";
  const detail = `what answered ${response.status} at ${response.url} is not a Fanfare server`;
  return new FanfareError({ name: "not-fanfare", detail, retry }, response.status, after);
}

/** @param {any} item @returns {Types.Message} */
export function decoded({ body_base64: base64, ...message }) {
  if (base64 === undefined) return message;
  return { ...message, body: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)) };
}

/** @param {Record<string, any>} fields */
export function parameters(fields) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(present(fields))) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query.toString();
}

/** @param {Record<string, any>} fields @returns {Record<string, any>} */
export function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/** @param {string | number | Date | undefined} since */
export function moment(since) {
  return since instanceof Date ? since.toISOString() : since;
}

/** @param {number} attempt @param {Types.Retry} retry @param {() => number} random */
export function backoff(attempt, { least, most }, random) {
  return random() * Math.min(most, least * 2 ** attempt);
}
