// A JSON value as coloured text, up to a number of lines.

const INDENT = "  ";
const ONE_LINE_MOST = 72;
const LINES_MOST = 5000;
const SHORT_TEXT_MOST = 400;

/**
 * @param {unknown} value
 * @param {number} [linesMost] the whole value, within reason, unless told
 * @returns {{ view: HTMLElement, complete: boolean }}
 */
export function jsonView(value, linesMost = LINES_MOST) {
  const writer = new Writer(linesMost, isFlat(value));
  writer.value(value, 0);
  if (writer.over) writer.out.append("\u2026");
  const view = document.createElement("pre");
  view.className = "json";
  view.append(writer.out);
  return { view, complete: !writer.over };
}

/** Whether it reads well on one line: short, and nothing in it has parts. @param {unknown} value */
function isFlat(value) {
  if (typeof value !== "object" || value === null) return true;
  const parts = Object.values(value);
  if (parts.length > 16 || parts.some((part) => typeof part === "object" && part !== null)) return false;
  return JSON.stringify(value).length <= ONE_LINE_MOST;
}

class Writer {
  out = document.createDocumentFragment();
  over = false;
  #lines = 1;
  #linesMost;
  #flat;

  /** @param {number} linesMost @param {boolean} flat */
  constructor(linesMost, flat) {
    this.#linesMost = linesMost;
    this.#flat = flat;
  }

  /** @param {unknown} value @param {number} depth */
  value(value, depth) {
    if (Array.isArray(value)) this.#parts("[", "]", value.map((part) => [null, part]), depth);
    else if (typeof value === "object" && value !== null) this.#parts("{", "}", Object.entries(value), depth);
    else if (typeof value === "string") this.#text(value);
    else this.#span(typeof value === "number" ? "number" : "literal", String(value));
  }

  /** @param {string} open @param {string} close @param {[string | null, unknown][]} parts @param {number} depth */
  #parts(open, close, parts, depth) {
    this.out.append(open);
    if (this.#flat && open === "{" && parts.length) this.out.append(" ");
    for (const [index, [name, part]] of parts.entries()) {
      if (index) this.out.append(this.#flat ? ", " : ",");
      if (!this.#line(depth + 1)) return;
      if (name !== null) {
        this.#span("name", JSON.stringify(name));
        this.out.append(": ");
      }
      this.value(part, depth + 1);
      if (this.over) return;
    }
    if (this.#flat && open === "{" && parts.length) this.out.append(" ");
    if (parts.length && !this.#line(depth)) return;
    this.out.append(close);
  }

  /** @param {number} depth */
  #line(depth) {
    if (this.#flat) return true;
    this.#lines += 1;
    this.over = this.#lines > this.#linesMost;
    this.out.append("\n" + (this.over ? "" : INDENT.repeat(depth)));
    return !this.over;
  }

  /** @param {string} text */
  #text(text) {
    const short = this.#linesMost < LINES_MOST && text.length > SHORT_TEXT_MOST;
    this.#span("text", JSON.stringify(short ? text.slice(0, SHORT_TEXT_MOST) : text));
    this.over ||= short;
  }

  /** @param {string} kind @param {string} text */
  #span(kind, text) {
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = text;
    this.out.append(span);
  }
}
