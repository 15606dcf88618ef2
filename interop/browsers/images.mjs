// What each message replaces: images in `<img>`, and documents where the browser knows them.

import { until } from "./server.mjs";

const MESSAGES = 100;
const square = (colour) => `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="${colour}"/></svg>`;
const colour = (number) => `rgb(${(number * 37) % 256},${(number * 91) % 256},${(number * 53) % 256})`;

/** The colour in the middle of an element, as it is on the screen. */
async function seen(page, selector) {
  const shot = await (await page.$(selector)).screenshot({ encoding: "base64" });
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const [r, g, b] = canvas.getImageData(image.width / 2, image.height / 2, 1, 1).data;
    return `rgb(${r},${g},${b})`;
  }, shot);
}

/** An image of the type that a canvas makes, in one colour. */
function painted(page, type, fill) {
  return page.evaluate(
    async (type, fill) => {
      const canvas = new OffscreenCanvas(64, 64);
      const context = canvas.getContext("2d");
      context.fillStyle = fill;
      context.fillRect(0, 0, 64, 64);
      const blob = await canvas.convertToBlob({ type });
      return Array.from(new Uint8Array(await blob.arrayBuffer()));
    },
    type,
    fill,
  );
}

const channels = (colour) => colour.match(/\d+/g).map(Number);

/** Waits until an element has a colour, nearly: some types of images lose a little. */
async function shows(page, selector, wanted) {
  const began = Date.now();
  const near = (found) => channels(found).every((value, index) => Math.abs(value - channels(wanted)[index]) < 8);
  await until(`${wanted} to be shown`, async () => near(await seen(page, selector)));
  return Date.now() - began;
}

/** Each image is there when it was published, not when the next one is; other types too; and again after a restart. */
export async function checkImages(browser, server) {
  const [page, other] = [await browser.newPage(), await browser.newPage()];
  const channel = `images/${Math.random().toString(36).slice(2)}`;
  await other.goto(`${server.url}/healthz`);
  const publish = async (type, number) => {
    const body = type === "image/svg+xml" ? square(colour(number)) : Buffer.from(await painted(other, type, colour(number)));
    await server.publish(channel, body, { "Content-Type": type });
  };
  await publish("image/png", 1);
  await page.goto(`${server.url}/healthz`);
  await page.evaluate((path) => {
    const image = new Image();
    image.id = "live";
    image.src = `${path}?via=replace`;
    document.body.replaceChildren(image);
  }, `/c/${channel}`);
  await page.bringToFront();
  await shows(page, "#live", colour(1));
  const late = [];
  for (let number = 2; number <= MESSAGES; number += 1) {
    await publish("image/png", number);
    late.push(await shows(page, "#live", colour(number)));
  }
  if (Math.max(...late) > 1000) throw new Error(`an image was ${Math.max(...late)} ms late`);
  for (const [index, type] of ["image/svg+xml", "image/svg+xml", "image/png", "image/webp", "image/svg+xml", "image/png"].entries()) {
    await publish(type, MESSAGES + 1 + index);
    await shows(page, "#live", colour(MESSAGES + 1 + index));
  }
  await page.close();
  await other.close();
}

/** Each document takes the place of the one before. Chromium shows none. */
export async function checkDocuments(browser, server) {
  const page = await browser.newPage();
  const channel = `documents/${Math.random().toString(36).slice(2)}`;
  const publish = (number) => server.publish(channel, `<!DOCTYPE html><title>${number}</title><h1>${number}</h1>`, { "Content-Type": "text/html" });
  await publish(1);
  await page.goto(`${server.url}/healthz`);
  await page.evaluate((path) => {
    const frame = document.createElement("iframe");
    frame.src = `${path}?via=replace`;
    document.body.replaceChildren(frame);
  }, `/c/${channel}`);
  const shown = async () => {
    for (const frame of page.frames()) {
      const found = await frame.evaluate(() => document.querySelector("h1")?.textContent).catch(() => null);
      if (found) return Number(found);
    }
    return 0;
  };
  for (let number = 1; number <= MESSAGES; number += 1) {
    if (number > 1) await publish(number);
    await until(`document ${number}`, async () => (await shown()) === number);
  }
  await page.close();
}
