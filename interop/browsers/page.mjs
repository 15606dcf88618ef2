// The live page, used by keyboard alone.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./server.mjs";

const text = (page, selector) => page.$eval(selector, (found) => found.textContent);
const count = (page) => page.$$eval("#list > li.message", (found) => found.length);

/** Opens a channel's page and waits until it is connected. What the page complains about is collected. */
export async function open(browser, server, path, view = { width: 1280, height: 800 }) {
  const page = await browser.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (said) => said.type() === "error" && page.complaints.push(said.text()));
  await page.setViewport(view);
  await page.goto(`${server.url}/c/${path}`);
  await until("the page to connect", () => page.$eval("#lamp", (lamp) => lamp.dataset.state === "open"));
  return page;
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

async function publishByKeyboard(page, body) {
  await press(page, "/");
  await page.keyboard.type(body);
  await page.keyboard.down("Control");
  await press(page, "Enter");
  await page.keyboard.up("Control");
  await until("it to be published and shown", async () => (await text(page, "#list")).includes(body));
  await press(page, "Escape");
}

async function empty(page) {
  await page.keyboard.down("Control");
  await press(page, "a");
  await page.keyboard.up("Control");
  await press(page, "Backspace");
}

/** The page's filter is the server's: it stands in the address, and what is wrong with it below the field. */
async function checkFilter(page, all) {
  const wrong = () => page.$eval("#filter-wrong", (found) => (found.hidden ? "" : found.textContent));
  await press(page, "f");
  await page.keyboard.type('body in ("missed 1", "missed 3", "held 0")');
  await press(page, "Enter");
  await until("what the filter accepts", async () => (await count(page)) === 3);
  await page.reload();
  await until("the same after a reload", async () => (await count(page)) === 3);
  await press(page, "f");
  await empty(page);
  await until("everything", async () => (await count(page)) === all);
  if (new URL(page.url()).search) throw new Error(`no filter leaves ${page.url()}`);
  await page.keyboard.type("key = '\u{1f3ba}' and temp > warm");
  await press(page, "Enter");
  await until("what is wrong", async () => /^column 22: warm cannot stand here; allowed here: a number/.test(await wrong()));
  const marked = await page.$eval("#filter", (field) => field.value.slice(field.selectionStart, field.selectionEnd));
  if (marked !== "w") throw new Error(`the error points to ${marked}`);
  await page.reload();
  await until("the same after a reload", async () => /^column 22/.test(await wrong()));
  await press(page, "f");
  await empty(page);
  await until("everything again", async () => (await count(page)) === all && (await wrong()) === "");
  await press(page, "Escape");
}

/** Every filter of docs/preferences.md in the page: what it accepts, and what is said of those that are none. */
export async function checkPreferences(browser, server, document) {
  const table = (heading) => {
    const lines = document.split("\n");
    const rows = lines.slice(lines.indexOf(heading) + 2);
    return rows.slice(0, rows.findIndex((row) => !row.startsWith("| `"))).map((row) => row.slice(3, -2).split("` | "));
  };
  const messages = document.split("```json\n")[1].split("\n```")[0].split("\n").map((line) => JSON.parse(line));
  // Of its own channels, for other messages are there too.
  const [mark, channels] = [Math.random().toString(36).slice(2), messages.map(({ channel }) => channel)];
  for (const { time, ...message } of messages) {
    const tags = { ...message.tags, mark };
    const body = JSON.stringify({ ...message, tags });
    const answer = await fetch(`${server.url}/publish`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
  const page = await open(browser, server, "**");
  const heard = () => page.$$eval("#list > li .channel", (found) => found.map((link) => link.textContent).reverse().join());
  const write = async (filter) => {
    await page.$eval("#filter", (field, filter) => (field.value = filter), filter);
    await page.$eval("#filter", (field) => field.dispatchEvent(new Event("change")));
  };
  const accepting = table("| filter | accepts |").filter(([filter]) => !filter.startsWith("time "));
  const refused = table("| filter | error |");
  if (accepting.length < 20 || refused.length < 8) throw new Error("the tables of docs/preferences.md are not found");
  for (const [filter, accepted] of accepting) {
    const expected = accepted === "none" ? "" : accepted.split(", ").map((number) => channels[number - 1]).join();
    await write(`mark = "${mark}" and (${filter})`);
    await until("the page to connect", () => page.$eval("#lamp", (lamp) => lamp.dataset.state === "open"));
    if (expected) await until(`${filter} to accept ${accepted}`, async () => (await heard()) === expected);
    else await until(`${filter} to accept none`, () => page.$eval("#nothing", (nothing) => !nothing.hidden));
  }
  for (const [filter, error] of refused) {
    await write(filter);
    await until(`${filter}: ${error}`, async () => (await text(page, "#filter-wrong")) === error.replaceAll("`", ""));
  }
  await page.close();
}

/** Publishes, cuts, connects, holds, walks and filters. */
export async function checkByKeyboard(browser, server) {
  const channel = `page/${Math.random().toString(36).slice(2)}`;
  const page = await open(browser, server, channel);
  await publishByKeyboard(page, "hello from the keyboard");
  await press(page, "c");
  await until("it to be cut", async () => (await text(page, "#cut")) === "Connect");
  for (let number = 0; number < 5; number += 1) await server.publish(channel, `missed ${number}`);
  await press(page, "c");
  await until("what was missed", async () => (await count(page)) === 6);
  await press(page, "p");
  for (let number = 0; number < 3; number += 1) await server.publish(channel, `held ${number}`);
  await until("them to be held", async () => (await text(page, "#held")).includes("3 new messages"));
  if ((await count(page)) !== 6) throw new Error("a paused page goes on");
  await press(page, "p");
  await until("them to be shown", async () => (await count(page)) === 9);
  await press(page, "j", "j", "k");
  const first = await page.evaluate(() => document.activeElement === document.querySelector("#list > li"));
  if (!first) throw new Error("j and k do not walk over the messages");
  await press(page, "?");
  await until("the list of keys", () => page.$eval("#keys", (keys) => keys.open));
  await press(page, "Escape");
  await checkFilter(page, 9);
  for (const transport of ["event-stream", "long-poll", "websocket"]) {
    await page.select("#transport", transport);
    const said = `over ${transport}`;
    await server.publish(channel, said);
    await until(said, async () => (await text(page, "#list")).includes(said));
  }
  await server.restart();
  await server.publish(channel, "after a restart");
  await until("it to go on by itself", async () => (await text(page, "#list")).includes("after a restart"));
  if ((await count(page)) !== 13) throw new Error(`13 were published, ${await count(page)} are shown`);
  const serious = page.complaints.filter((complaint) => !/ERR_|NetworkError|can.t establish|interrupted/.test(complaint));
  if (serious.length) throw new Error(serious.join("; "));
  await page.close();
}

/** Rules of accessibility (WCAG 2 AA), in light and dark. Only where the policy of the page can be set aside. */
export async function checkAccessibility(browser, server, modules) {
  const axe = readFileSync(join(modules, "axe-core/axe.min.js"), "utf8");
  await server.publish("access/a", '{"busy":1.5,"words":["a",null]}', { "Content-Type": "application/json", Key: "k" });
  for (const [path, scheme] of [["access/a", "light"], ["access/a", "dark"], ["access/**", "light"], ["access/none", "dark"]]) {
    const page = await browser.newPage();
    await page.setBypassCSP(true);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(`${server.url}/c/${path}`);
    await until("the page to connect", () => page.$eval("#lamp", (lamp) => lamp.dataset.state === "open"));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    if (violations.length) throw new Error(violations.map(({ id, nodes }) => `${scheme} ${id}: ${nodes[0].target}`).join("; "));
    await page.close();
  }
}

const GRADIENT = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 90"><defs><linearGradient id="g"><stop stop-color="#8a5a00"/>
<stop offset="1" stop-color="#2f6f73"/></linearGradient></defs><rect width="320" height="90" rx="6" fill="url(#g)"/></svg>`;

/** Takes the pictures of docs/images. */
export async function takePictures(browser, server, folder) {
  const say = (channel, body, headers) => server.publish(channel, body, headers);
  await say("ops/deploys", "deploy 417 began", { Key: "web-1", Tags: "region=eu" });
  await say("ops/deploys", '{"service":"web","version":"4.1.7","seconds":12.5,"ok":true}', { "Content-Type": "application/json", Key: "web-1" });
  await say("ops/deploys", GRADIENT, { "Content-Type": "image/svg+xml" });
  const notice = '{"title":"Disk nearly full","text":"web-1 has 3 % left"}';
  await say("ops/deploys", "df: 97 %", { Priority: "high", Event: "alert", Notice: notice, Tags: "host=web-1" });
  await until("the host source", async () => {
    const { messages } = await (await fetch(`${server.url}/c/host/cpu?last=20`)).json();
    return messages.length >= 18;
  });
  for (const [name, path, scheme, width, height] of [
    ["page-light", "ops/deploys", "light", 1280, 800],
    ["page-dark", "host/cpu", "dark", 1280, 800],
    ["page-phone", "host/cpu", "light", 360, 740],
  ]) {
    const page = await open(browser, server, path, { width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await until("messages", async () => (await count(page)) > 2);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
  }
}
