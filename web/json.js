// A JSON value as coloured text, up to a number of lines.

const INDENT = "  ";
const ONE_LINE_MOST = 90;
const LINES_MOST = 5000;
const SHORT_TEXT_MOST = 400;

/**
 * @param {unknown} value
 * @param {number} [linesMost] the whole value, within reason, unless told
 * @returns {{ view: HTMLElement, complete: boolean }}
 */
export function jsonView(value, linesMost = LINES_MOST) {
  const writer = new Writer(linesMost);
  writer.value(value, 0);
  if (writer.over) writer.out.append("\u2026");
  const view = document.createElement("pre");
  view.className = "json";
  view.append(writer.out);
  return { view, complete: !writer.over };
}

/** Whether it reads well on one line: short, and nothing in it has parts. @param {unknown[]} parts @param {unknown} whole */
function isFlat(parts, whole) {
  if (parts.length > 16 || parts.some((part) => typeof part === "object" && part !== null)) return false;
  return JSON.stringify(whole).length <= ONE_LINE_MOST;
}

class Writer {
  out = document.createDocumentFragment();
  over = false;
  #lines = 1;
  #linesMost;

  /** @param {number} linesMost */
  constructor(linesMost) {
    this.#linesMost = linesMost;
  }

  /** @param {unknown} value @param {number} depth */
  value(value, depth) {
    if (typeof value === "string") this.#text(value);
    else if (typeof value !== "object" || value === null) {
      this.#span(typeof value === "number" ? "number" : "literal", String(value));
    } else if (isFlat(Object.values(value), value)) this.#onOneLine(value);
    else this.#onLines(value, depth);
  }

  /** @param {object} whole */
  #onOneLine(whole) {
    const [open, close] = brackets(whole);
    const space = open === "{" && Object.keys(whole).length ? " " : "";
    this.out.append(open + space);
    for (const [index, [name, part]] of Object.entries(whole).entries()) {
      if (index) this.out.append(", ");
      if (open === "{") this.#name(name);
      this.value(part, 0);
    }
    this.out.append(space + close);
  }

  /** @param {object} whole @param {number} depth */
  #onLines(whole, depth) {
    const [open, close] = brackets(whole);
    this.out.append(open);
    for (const [index, [name, part]] of Object.entries(whole).entries()) {
      if (index) this.out.append(",");
      if (!this.#line(depth + 1)) return;
      if (open === "{") this.#name(name);
      this.value(part, depth + 1);
      if (this.over) return;
    }
    if (this.#line(depth)) this.out.append(close);
  }

  /** Begins a line, if there may be one more. @param {number} depth */
  #line(depth) {
    this.#lines += 1;
    this.over = this.#lines > this.#linesMost;
    this.out.append("\n" + (this.over ? "" : INDENT.repeat(depth)));
    return !this.over;
  }

  /** @param {string} name */
  #name(name) {
    this.#span("name", JSON.stringify(name));
    this.out.append(": ");
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

/** @param {object} whole */
function brackets(whole) {
  return Array.isArray(whole) ? "[]" : "{}";
}
