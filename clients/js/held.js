// What one connection has brought of each key, for bodies that come as changes (docs/wire.md, "Changes"). The format of a
// change is Fossil's: "Delta Encoding Format" among the documents of fossil-scm.org.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
/** Bytes that are held. When there are more, everything is forgotten, and whole bodies are asked for. */
const BYTES_MOST = 64 << 20;
/** What an entry takes beside its body and its key, roughly. */
const ENTRY_BYTES = 200;
/** Bytes of one body. */
const BODY_MOST = 16 << 20;

/** Bytes of a body that changes are made of. */
const [BASE_LEAST, BASE_MOST] = [48, 256 << 10];

/** @param {Uint8Array} body */
function checksum(body) {
  let sum = 0;
  for (let at = 0; at < body.length; at += 1) sum = (sum + (body[at] << (24 - 8 * (at % 4)))) | 0;
  return sum >>> 0;
}

/** The body that a delta makes of a base. @param {Uint8Array} base @param {Uint8Array} delta @returns {Uint8Array} */
export function applyDelta(base, delta) {
  let at = 0;
  const bad = () => new Error("this is no delta, or not of what is held");
  const number = () => {
    let value = 0;
    for (; at < delta.length; at += 1) {
      const digit = DIGITS.indexOf(String.fromCharCode(delta[at]));
      if (digit < 0) break;
      value = value * 64 + digit;
    }
    return value;
  };
  /** @param {string} wanted */
  const sign = (wanted) => {
    if (String.fromCharCode(delta[at]) !== wanted) throw bad();
    at += 1;
  };
  const length = number();
  sign("\n");
  if (length > BODY_MOST) throw bad();
  const body = new Uint8Array(length);
  for (let end = 0; ; ) {
    const count = number();
    const kind = String.fromCharCode(delta[at]);
    at += 1;
    if (kind === ";") {
      if (end !== length || at !== delta.length || count !== checksum(body)) throw bad();
      return body;
    }
    const from = kind === "@" ? number() : at;
    if (kind === "@") sign(",");
    else if (kind === ":") at += count;
    else throw bad();
    const source = kind === "@" ? base : delta;
    if (end + count > length || from + count > source.length) throw bad();
    body.set(source.subarray(from, from + count), end);
    end += count;
  }
}

const toBytes = new TextEncoder();
const toText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** @param {string} base64 */
const fromBase64 = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Of each channel and key the body of the message that came last, if changes are made of bodies as long. */
export class Held {
  /** @type {Map<string, { position: number, body: Uint8Array }>} */
  #bodies = new Map();
  #bytes = 0;

  /** A message with its whole body, which is held from now on. @param {any} item */
  whole({ delta, body_json: json, ...message }) {
    const key = JSON.stringify([message.channel, message.key]);
    const body = delta ? this.#changed(key, delta) : bytes(json ?? message.body ?? message.body_base64, "body_base64" in message);
    // What a later subscription brings from the past, beside the session's place, is nothing to build on.
    if (message.cursor) this.#hold(key, message.position, body);
    const gives = delta?.gives ?? (json === undefined ? null : "body_json");
    if (gives === "body_json") message.body = JSON.parse(toText.decode(body));
    else if (gives === "body") message.body = toText.decode(body);
    else if (gives) message.body = body;
    return message;
  }

  /** @param {string} key @param {{ base: number, text?: string, base64?: string }} delta */
  #changed(key, { base, text, base64 }) {
    const held = this.#bodies.get(key);
    if (held?.position !== base) throw new Error(`a change of the message at ${base}, which is not here`);
    return applyDelta(held.body, base64 === undefined ? toBytes.encode(text) : fromBase64(base64));
  }

  /** @param {string} key @param {number} position @param {Uint8Array} body */
  #hold(key, position, body) {
    const held = this.#bodies.get(key);
    if (held) this.#bytes -= held.body.length + ENTRY_BYTES + 2 * key.length;
    this.#bodies.delete(key);
    // No change is made of it.
    if (body.length < BASE_LEAST || body.length > BASE_MOST) return;
    this.#bodies.set(key, { position, body });
    this.#bytes += body.length + ENTRY_BYTES + 2 * key.length;
    if (this.#bytes <= BYTES_MOST) return;
    this.#bodies.clear();
    this.#bytes = 0;
  }
}

/** @param {any} body @param {boolean} base64 */
function bytes(body, base64) {
  if (base64) return fromBase64(body);
  return toBytes.encode(typeof body === "string" ? body : JSON.stringify(body));
}
