// The filter of the page: which messages the server is asked for. It stands in the address, so that it can be shared, and
// the server says what is wrong with it.

import { element, find } from "./element.js";

const PARAMETER = "filter";

export class Filter {
  #input = find("filter", HTMLInputElement);
  #wrong = find("filter-wrong", HTMLParagraphElement);
  #changed;

  /** What the server is asked for; "" for everything. */
  text = new URLSearchParams(location.search).get(PARAMETER)?.trim() ?? "";

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.#input.value = this.text;
    // What is being written is no filter yet: it is asked for once it is meant. What is emptied wants everything.
    this.#input.addEventListener("change", () => this.#take());
    this.#input.addEventListener("input", () => this.#input.value.trim() || this.#take());
  }

  focus() {
    this.#input.focus();
  }

  /** Shows the server's words below the field, and where they point. @param {string} detail */
  refuse(detail) {
    this.#show(detail.replace(/^filter: /, ""));
    const column = Number(/column (\d+)/.exec(detail)?.[1] ?? 0);
    if (!column || document.activeElement !== this.#input) return;
    // The server counts characters, the field halves of some.
    const [before, at = ""] = [[...this.text].slice(0, column - 1).join(""), [...this.text][column - 1]];
    this.#input.setSelectionRange(before.length, before.length + at.length);
  }

  #take() {
    const text = this.#input.value.trim();
    if (this.#input.value !== text) this.#input.value = text;
    if (text === this.text) return;
    this.text = text;
    this.#show("");
    const url = new URL(location.href);
    if (text) url.searchParams.set(PARAMETER, text);
    else url.searchParams.delete(PARAMETER);
    url.search = url.search.replaceAll("+", "%20");
    history.replaceState(null, "", url);
    this.#changed();
  }

  /** @param {string} wrong */
  #show(wrong) {
    // Every second piece stood between backticks.
    const pieces = wrong.split("`");
    this.#wrong.replaceChildren(...pieces.map((piece, index) => (index % 2 ? element("code", {}, piece) : piece)));
    this.#wrong.hidden = !wrong;
    this.#input.toggleAttribute("aria-invalid", wrong !== "");
  }
}
