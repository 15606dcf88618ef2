// Browsers against the real server: `check.mjs BINARY [--pictures]`.
//
// Each reader in each browser hears 100 messages, the server is killed and started again, and it hears 100 more: none missing,
// none twice, in order. Then the live page is used by keyboard.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkGallery, takeGallery } from "./gallery.mjs";
import { checkDocuments, checkImages } from "./images.mjs";
import { checkAccessibility, checkByKeyboard, checkPreferences, takePictures } from "./page.mjs";
import { checkPushlet } from "./pushlets.mjs";
import { prepare, READERS } from "./readers.mjs";
import { Server, until } from "./server.mjs";

const MESSAGES = 100;
const MODULES = process.env.MODULES;
const puppeteer = createRequire(join(MODULES, "_"))("puppeteer-core");

// A browser's own sandbox does not run for root.
const BROWSERS = {
  Chromium: { executablePath: "/usr/bin/chromium", args: process.getuid() ? [] : ["--no-sandbox"] },
  Firefox: { browser: "firefox", executablePath: "/usr/bin/firefox-esr" },
};

async function checkReader(browser, server, name) {
  const page = await browser.newPage();
  await prepare(page, server.url);
  const channel = `browsers/${Math.random().toString(36).slice(2)}`;
  const wanted = Array.from({ length: 2 * MESSAGES + 1 }, (_, number) => String(number));
  const heard = () => page.evaluate(() => window.heard);
  await server.publish(channel, wanted[0]);
  await page.evaluate(READERS[name], `/c/${channel}`);
  await until("the first message", async () => (await heard()).length);
  for (const number of wanted.slice(1, MESSAGES + 1)) await server.publish(channel, number);
  await until(`${MESSAGES} messages`, async () => (await heard()).length > MESSAGES);
  await server.restart();
  for (const number of wanted.slice(MESSAGES + 1)) await server.publish(channel, number);
  await until("those after the restart", async () => (await heard()).length >= wanted.length);
  const found = await heard();
  if (found.join() !== wanted.join()) throw new Error(`heard ${found}`);
  await page.close();
}

let [passed, failed] = [0, 0];

async function check(what, run) {
  const began = Date.now();
  try {
    await run();
    passed += 1;
    console.log(`${what}: passed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    failed += 1;
    console.log(`${what}: FAILED: ${error.stack}`);
  }
}

const [binary, pictures] = process.argv.slice(2);
for (const [name, options] of Object.entries(BROWSERS)) {
  const server = await new Server(binary, ...(pictures ? ["--host"] : [])).start();
  const browser = await puppeteer.launch(options);
  try {
    if (pictures) {
      const folder = new URL("../../docs/images", import.meta.url).pathname;
      mkdirSync(folder, { recursive: true });
      await check("pictures", () => takePictures(browser, server, folder));
      await check("pictures of the gallery", () => takeGallery(browser, server, folder));
      break;
    }
    for (const reader of Object.keys(READERS)) {
      await check(`${name}, ${reader}`, () => checkReader(browser, server, reader));
    }
    await check(`${name}, a pushlet that is tried`, () => checkPushlet(browser, server));
    await check(`${name}, gallery`, () => checkGallery(browser, server));
    await check(`${name}, images that replace each other`, () => checkImages(browser, server));
    if (name === "Firefox") {
      await check(`${name}, documents that replace each other`, () => checkDocuments(browser, server));
    }
    await check(`${name}, live page by keyboard`, () => checkByKeyboard(browser, server));
    const preferences = new URL("../../docs/preferences.md", import.meta.url);
    await check(`${name}, filters of docs/preferences.md`, () => checkPreferences(browser, server, readFileSync(preferences, "utf8")));
    if (name === "Chromium") {
      await check(`${name}, accessibility`, () => checkAccessibility(browser, server, MODULES));
    }
  } finally {
    await browser.close();
    await server.end();
  }
}
console.log(`browsers: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
