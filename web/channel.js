// The live page of a channel or pattern: the same file for all of them; the address tells which.

import { Fanfare } from "/web/fanfare.js";
import { channelOf, crumbs, isPattern, isPublishable, pathOf } from "./address.js";
import { Chart } from "./chart.js";
import { commandLines } from "./commands.js";
import { element, find } from "./element.js";
import { counted, rateText } from "./figures.js";
import { Filter } from "./filter.js";
import { Hearing } from "./hearing.js";
import { listenForKeys } from "./keys.js";
import { MessageList } from "./list.js";
import { openPublishing } from "./publish.js";

const RATE_SECONDS = 5;
const NOTHING_SAID = "Nothing has been said here yet. What is published appears at once.";
const NOTHING_ACCEPTED = "The filter accepts nothing that was said here. What it accepts appears at once.";
const TRANSPORTS = { websocket: "WebSocket", "event-stream": "event stream", "long-poll": "long poll" };

const channel = channelOf(location.pathname);
const pattern = isPattern(channel);
const hearing = new Hearing(channel);
const list = new MessageList(pattern);
const chart = new Chart(find("chart", HTMLElement), pattern);
const filter = new Filter(hearAnew);
const cut = find("cut", HTMLButtonElement);
const pause = find("pause", HTMLButtonElement);

/** Whether the past has been heard: only what comes after is news. */
let settled = false;
let heard = 0;
let unseen = 0;
/** Messages heard in each of the last seconds, newest first. */
const seconds = new Array(RATE_SECONDS).fill(0);

function begin() {
  showName();
  const commands = find("commands", HTMLDetailsElement);
  commands.hidden = !channel;
  commands.open = matchMedia("(min-width: 54rem)").matches;
  if (isPublishable(channel)) openPublishing(new Fanfare(), channel);
  hearing.addEventListener("message", (event) => hearMessage(detailOf(event)));
  hearing.addEventListener("gap", (event) => list.add({ gap: detailOf(event), fresh: settled }));
  hearing.addEventListener("state", (event) => showState(detailOf(event)));
  hearing.addEventListener("error", (event) => showRefusal(detailOf(event)));
  hearing.addEventListener("caught-up", () => {
    if (!settled) chart.settled();
    settled = true;
    list.settled();
  });
  listenToControls();
  setInterval(passSecond, 1000);
  if (channel) hearAnew();
  else say("This address names no channel: something in it is not percent-encoded as it should be", "closed");
}

/** Hears what the filter of now accepts. */
function hearAnew() {
  settled = false;
  heard = 0;
  seconds.fill(0);
  refusal = "";
  chart.clear();
  list.begin(filter.text ? NOTHING_ACCEPTED : NOTHING_SAID);
  commandLines(find("command-lines", HTMLDivElement), channel, filter.text);
  hearing.ask(filter.text);
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent<any>} */ (event).detail;
}

/** @param {any} message */
function hearMessage(message) {
  heard += 1;
  if (settled) seconds[0] += 1;
  if (!message.replaces && !message.deletes) chart.add(message);
  list.add({ message, fresh: settled });
  if (settled && document.hidden) {
    unseen += 1;
    showTitle();
  }
}

function passSecond() {
  const sum = seconds.reduce((all, one) => all + one, 0);
  find("figures", HTMLSpanElement).textContent = `${counted(heard, "message")} \u00b7 ${rateText(sum / RATE_SECONDS)}`;
  seconds.pop();
  seconds.unshift(0);
}

/** @param {{ state: string, transport: keyof TRANSPORTS | null, why?: string, retryIn?: number }} change */
function showState({ state, transport, why, retryIn = 0 }) {
  const by = transport ? TRANSPORTS[transport] : "";
  const wait = Math.ceil(retryIn / 1000);
  if (state === "open") say(`Connected by ${by}`, state);
  else if (state === "connecting") say(`Connecting by ${by}\u2026`, state);
  else if (state === "waiting") say(`${sentence(why)}trying again in ${counted(wait, "second")}`, state);
  else if (!refusal) say("Cut: what is said now comes when you connect", state);
  showCut();
}

/** The reason without the name of the transport, as the beginning of a sentence. @param {string} [why] */
function sentence(why) {
  const words = why?.replace(/^[a-z-]+: |\.$/g, "") || "the connection was lost";
  return `${words[0].toUpperCase()}${words.slice(1)}; `;
}

/** The refusal that ended the hearing, until it is tried again. */
let refusal = "";

/** @param {{ name: string, detail: string, retry: string }} refused */
function showRefusal({ name, detail, retry }) {
  if (retry === "never") refusal = detail;
  if (name === "bad-filter") filter.refuse(detail);
  say(name === "bad-filter" ? "Not connected: the filter is refused" : `Refused: ${detail}`, "refused");
  showCut();
}

/** @param {string} words @param {string} lamp */
function say(words, lamp) {
  find("state", HTMLSpanElement).textContent = words;
  find("lamp", HTMLSpanElement).dataset.state = lamp;
}

function showCut() {
  cut.textContent = hearing.isCut ? "Connect" : "Cut";
  cut.classList.toggle("main", hearing.isCut);
}

function toggleCut() {
  refusal = "";
  if (hearing.isCut) hearing.connect();
  else hearing.cut();
  showCut();
}

function togglePause() {
  list.pause(!list.paused);
  pause.textContent = list.paused ? "Go on" : "Pause";
  pause.classList.toggle("main", list.paused);
}

function listenToControls() {
  const transport = find("transport", HTMLSelectElement);
  cut.addEventListener("click", toggleCut);
  pause.addEventListener("click", togglePause);
  find("held", HTMLButtonElement).addEventListener("click", () => {
    togglePause();
    pause.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  });
  transport.addEventListener("change", () => hearing.travel(transport.value));
  hearing.travel(transport.value);
  const write = isPublishable(channel) ? find("body", HTMLTextAreaElement) : filter;
  listenForKeys({
    "/": () => write.focus(),
    f: () => filter.focus(),
    j: () => list.walk(1),
    k: () => list.walk(-1),
    c: toggleCut,
    p: togglePause,
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unseen = 0;
    showTitle();
  });
}

function showTitle() {
  document.title = `${unseen ? `(${unseen}) ` : ""}${channel || "No channel"} \u00b7 Fanfare`;
}

function showName() {
  const parts = crumbs(channel).flatMap(({ segment, below }, index) => {
    const words = below
      ? element("a", { href: pathOf(below), title: `Everything below ${segment}` }, segment)
      : element("span", { class: "last" }, segment);
    return index ? [element("span", { class: "slash" }, "/"), element("wbr"), words] : [words];
  });
  find("name", HTMLHeadingElement).replaceChildren(...parts);
  showTitle();
}

begin();
