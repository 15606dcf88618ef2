// The gallery: every card shows what was published, goes on after a cut and after the server was started again.

import { join } from "node:path";
import { until } from "./server.mjs";

const HELD = ["WebSocket", "Server-Sent Events", "Streaming fetch", "Long poll", "Pushlet"];
const ALL = [...HELD, "Polling with ETag", "Feed"];

async function open(browser, server, view, scheme) {
  const page = await browser.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.setViewport(view);
  if (scheme) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(`${server.url}/gallery?channel=gallery/${Math.random().toString(36).slice(2)}`);
  return page;
}

/** What each card shows, by its name. */
const shown = (page) =>
  page.$$eval(".technique", (cards) =>
    Object.fromEntries(cards.map((card) => [card.getAttribute("aria-label"), card.querySelector("output")?.textContent ?? ""])),
  );

async function publish(page, number, names, within) {
  const began = Date.now();
  await page.click("#publish");
  await until(`${number} on ${names}`, async () => {
    const found = await shown(page);
    return names.every((name) => found[name] === String(number));
  });
  if (within && Date.now() - began > within) throw new Error(`${number} took ${Date.now() - began} ms`);
}

export async function checkGallery(browser, server) {
  const page = await open(browser, server, { width: 1280, height: 900 });
  await until("all to be on", () => page.$$eval('.technique[data-state="open"]', (cards) => cards.length === 8));
  let number = 0;
  await page.click("#camera");
  await until("the camera's image", () => page.$eval(".show img", (image) => image.naturalWidth === 480).catch(() => false));
  await page.click("#camera");
  await publish(page, (number += 1), HELD);
  while (number < 20) await publish(page, (number += 1), HELD, 1000);
  await publish(page, (number += 1), ALL);
  await page.click("#cut");
  await publish(page, (number += 1), ALL);
  await server.restart();
  await publish(page, (number += 1), ALL);
  await page.click("#camera");
  const picture = () => page.$eval(".show img", (image) => image.naturalWidth === 480).catch(() => false);
  if (browser.process().spawnfile.includes("chromium")) await until("the camera's image after a restart", picture);
  for (const name of ["JSONP", "Streaming XMLHttpRequest"]) {
    await page.click(`.technique[aria-label="${name}"] .switch`);
    await publish(page, (number += 1), [name, "WebSocket"]);
  }
  const held = await page.$$eval('.technique[data-state="open"]', (cards) => cards.length);
  if (held !== 8) throw new Error(`${held} are on`);
  if (page.complaints.length) throw new Error(page.complaints.join("; "));
  await page.close();
}

export async function takeGallery(browser, server, folder) {
  for (const [name, scheme, width, height] of [
    ["gallery-light", "light", 1280, 900],
    ["gallery-dark", "dark", 1280, 900],
    ["gallery-phone", "light", 390, 844],
  ]) {
    const page = await open(browser, server, { width, height }, scheme);
    await page.click("#camera");
    await page.click("#stream");
    await until("messages", async () => Object.values(await shown(page)).filter((text) => Number(text) > 12).length > 5);
    await page.click("#stream");
    await until("all to show the same", async () => {
      const found = await shown(page);
      return ALL.every((name) => found[name] === found.WebSocket);
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
  }
}
