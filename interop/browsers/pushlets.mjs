// What a pushlet has to bear: messages that try to end its scripts, and more of them than one page should hold.

import { prepare, READERS } from "./readers.mjs";
import { until } from "./server.mjs";

const HOSTILE = [
  "</script><script>parent.broken = 1</script>",
  "<!--<script>",
  "]]>-->",
  "'); parent.broken = 2; ('",
  "\\'); parent.broken = 3; //",
  "\u2028parent.broken = 4\u2029",
  "</SCRIPT\t><img src=x onerror='parent.broken=5'>",
  "&lt;/script&gt;&#39;&quot;",
  "\u0000\u0001\u001f\r\n\t",
];
/** The page opens itself anew after 1,000. */
const MANY = 2500;

export async function checkPushlet(browser, server) {
  const page = await browser.newPage();
  await prepare(page, server.url);
  const channel = `pushlet/${Math.random().toString(36).slice(2)}`;
  await server.publish(channel, "first");
  await page.evaluate(READERS.pushlet, `/c/${channel}`);
  const heard = () => page.evaluate(() => window.heard);
  await until("the first message", async () => (await heard()).length === 1);
  for (const body of HOSTILE) await server.publish(channel, body);
  await until("all that is hostile", async () => (await heard()).length === 1 + HOSTILE.length);
  const found = (await heard()).slice(1);
  if (JSON.stringify(found) !== JSON.stringify(HOSTILE)) throw new Error(`heard ${JSON.stringify(found)}`);
  if (await page.evaluate(() => window.broken)) throw new Error("a message has left its script");
  const many = Array.from({ length: MANY }, (_, number) => String(number));
  for (let begin = 0; begin < MANY; begin += 500) {
    const body = JSON.stringify(many.slice(begin, begin + 500).map((body) => ({ channel, body })));
    const answer = await fetch(`${server.url}/publish`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
  await until(`${MANY} messages`, async () => (await heard()).length >= 1 + HOSTILE.length + MANY);
  const rest = (await heard()).slice(1 + HOSTILE.length);
  if (rest.join() !== many.join()) throw new Error(`${rest.length} were heard`);
  const pages = await page.evaluate(() => document.querySelector("iframe").contentDocument.scripts.length);
  if (pages > 5) throw new Error(`${pages} scripts were left behind`);
  await page.close();
}
