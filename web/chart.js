// The numbers in messages, as lines over time: one series for each channel and field, one of them drawn.

import { drawing, element, give } from "./element.js";
import { clockText, measured, spanText } from "./figures.js";

const POINTS_MOST = 120;
const SERIES_MOST = 64;
const HEIGHT = 112;
const MARGIN = 6;

/** @typedef {{ time: number, value: number }} Point */
/** @typedef {{ name: string, field: string, points: Point[] }} Series */

export class Chart {
  #box;
  #withChannel;
  /** @type {Map<string, Series>} */
  #series = new Map();
  #chosen = "";
  #chosenByHand = false;
  #frame = 0;
  #choice = element("select", { "aria-label": "Series" });
  #title = element("h2");
  #newest = element("p", { class: "newest" });
  #caption = element("p", { class: "muted caption" });
  #drawing = drawing("svg", { role: "img", height: HEIGHT });
  #area = drawing("path", { class: "area" });
  #line = drawing("path", { class: "line" });
  #point = drawing("circle", { class: "point", r: 3.5 });
  /** Where the pointer is, from the left. @type {number | null} */
  #pointer = null;

  /** @param {HTMLElement} box @param {boolean} withChannel */
  constructor(box, withChannel) {
    this.#box = box;
    this.#withChannel = withChannel;
    this.#drawing.append(this.#area, this.#line, this.#point);
    this.#choice.hidden = true;
    box.append(element("div", { class: "chart-head" }, this.#title, this.#choice), this.#newest);
    box.append(this.#drawing, this.#caption);
    this.#choice.addEventListener("change", () => {
      this.#chosenByHand = true;
      this.#choose(this.#choice.value);
    });
    this.#drawing.addEventListener("pointermove", (event) => this.#pointAt(event.offsetX));
    this.#drawing.addEventListener("pointerleave", () => this.#pointAt(null));
    new ResizeObserver(() => this.#ask()).observe(this.#drawing);
  }

  /** @param {any} message */
  add(message) {
    const time = Date.parse(message.time);
    for (const [field, value] of numbers(message.body)) {
      const id = JSON.stringify([message.channel, field]);
      const series = this.#series.get(id) ?? this.#begin(id, message.channel, field);
      if (!series) continue;
      series.points.push({ time, value });
      if (series.points.length > POINTS_MOST) series.points.shift();
      if (id === this.#chosen) this.#ask();
    }
  }

  /** Forgets everything. */
  clear() {
    this.#series.clear();
    this.#choice.replaceChildren();
    this.#chosen = "";
    this.#chosenByHand = false;
    this.#box.hidden = true;
  }

  /** Draws the first series that moves, unless somebody chose one: the past has been heard. */
  settled() {
    if (this.#chosenByHand) return;
    const moving = [...this.#series].find(([, { points }]) => points.some(({ value }) => value !== points[0].value));
    if (moving) this.#choose(moving[0]);
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.#choice.value = id;
    this.#ask();
  }

  /** @param {string} id @param {string} channel @param {string} field */
  #begin(id, channel, field) {
    if (this.#series.size >= SERIES_MOST) return null;
    const words = [this.#withChannel && channel, spaced(field)].filter(Boolean);
    const series = { name: words.join(" \u00b7 ") || "value", field, points: [] };
    this.#series.set(id, series);
    this.#choice.append(element("option", { value: id }, series.name));
    this.#choice.hidden = this.#series.size < 2;
    this.#title.classList.toggle("unseen", !this.#choice.hidden);
    this.#chosen ||= id;
    this.#box.hidden = false;
    return series;
  }

  /** @param {number | null} x */
  #pointAt(x) {
    this.#pointer = x;
    this.#ask();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const series = this.#series.get(this.#chosen);
      if (series) this.#draw(series);
    });
  }

  /** @param {Series} series */
  #draw({ name, field, points }) {
    const width = this.#drawing.clientWidth || 320;
    const { x, y, least, most } = scales(points, width);
    const places = points.map((point) => `${x(point).toFixed(1)} ${y(point).toFixed(1)}`);
    const [first, last] = [points[0], points[points.length - 1]];
    const line = `M${places.join("L")}`;
    const marked = this.#pointer === null ? last : nearest(points, x, this.#pointer);
    give(this.#drawing, { viewBox: `0 0 ${width} ${HEIGHT}` });
    give(this.#line, { d: line });
    give(this.#area, { d: `${line}L${x(last)} ${HEIGHT}L${x(first)} ${HEIGHT}Z` });
    give(this.#point, { cx: x(marked), cy: y(marked) });
    const [low, high] = [measured(least, field), measured(most, field)];
    const span = points.length > 1 ? `, ${spanText(last.time - first.time)}` : "";
    const when = this.#pointer === null ? "" : element("small", {}, ` at ${clockText(new Date(marked.time))}`);
    this.#title.textContent = name;
    this.#newest.replaceChildren(measured(marked.value, field), when);
    this.#drawing.toggleAttribute("hidden", points.length < 2);
    this.#caption.textContent = points.length < 2 ? "one value so far" : `from ${low} to ${high}${span}`;
    const extent = `lowest ${low}, highest ${high}, ${points.length} points${span}`;
    give(this.#drawing, { "aria-label": `${name}: newest ${measured(last.value, field)}, ${extent}` });
  }
}

/** @param {Point[]} points @param {number} width */
function scales(points, width) {
  const values = points.map((point) => point.value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0].time, points[points.length - 1].time];
  const across = (/** @type {Point} */ { time }) => (last > first ? (time - first) / (last - first) : 1);
  const up = (/** @type {Point} */ { value }) => (most > least ? (value - least) / (most - least) : 0.5);
  return {
    least,
    most,
    x: (/** @type {Point} */ point) => MARGIN + across(point) * (width - 2 * MARGIN),
    y: (/** @type {Point} */ point) => HEIGHT - MARGIN - up(point) * (HEIGHT - 2 * MARGIN),
  };
}

/** @param {Point[]} points @param {(point: Point) => number} x @param {number} pointer */
function nearest(points, x, pointer) {
  return points.reduce((best, point) => (Math.abs(x(point) - pointer) < Math.abs(x(best) - pointer) ? point : best));
}

/**
 * The numbers in a body: itself, its fields, and theirs.
 * @param {unknown} body
 * @returns {[field: string, value: number][]}
 */
function numbers(body) {
  if (typeof body === "number") return [["", body]];
  if (typeof body === "string") return /^\s*-?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(body) ? [["", Number(body)]] : [];
  if (typeof body !== "object" || body === null || Array.isArray(body) || body instanceof Uint8Array) return [];
  return Object.entries(body).flatMap(([name, part]) => {
    if (typeof part === "number") return [/** @type {[string, number]} */ ([name, part])];
    if (typeof part !== "object" || part === null || Array.isArray(part)) return [];
    const inner = Object.entries(part).filter(([, value]) => typeof value === "number");
    return inner.map(([field, value]) => /** @type {[string, number]} */ ([`${name}.${field}`, value]));
  });
}

/** @param {string} field */
function spaced(field) {
  return field.replaceAll("_", " ");
}
