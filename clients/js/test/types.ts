// How the types are used: checked by tsc, never run.
import { Fanfare, FanfareError, backoff, EventStreamParser, type Message, type Subscription } from "../fanfare.js";

const fanfare = new Fanfare("http://localhost:8080", { transports: ["event-stream"], retry: { most: 5_000 } });
const subscription: Subscription = fanfare.subscribe(["a", "b/**"], { last: 10, filter: "priority > 3", signal: AbortSignal.timeout(1) });
subscription.addEventListener("message", ({ detail }) => {
  const position: number = detail.position;
  const text: string | undefined = detail.cursor;
  console.log(position, text, subscription.cursor);
});
subscription.addEventListener("state", ({ detail }) => console.log(detail.state === "open", detail.retryIn));
subscription.addEventListener("gap", ({ detail }) => console.log(detail.from, detail.reason === "trimmed"));
subscription.addEventListener("anything", (event: Event) => console.log(event.type));
async function loop() {
  for await (const message of subscription) console.log((message satisfies Message).body);
  const { cursor } = await fanfare.publish("a", { bid: 1.2 }, { key: "k", tags: { region: "eu", ok: true } });
  const page = await fanfare.history("**", { after: cursor, filter: "priority > 3", limit: 10 });
  console.log(page.messages[0]?.time, page.gap?.to, page.more);
  try {
    await fanfare.publish("a//b", "x");
  } catch (error) {
    if (error instanceof FanfareError && error.retry === "never") console.log(error.code, error.status);
  }
}
// @ts-expect-error no such transport
new Fanfare(null, { transports: ["carrier-pigeon"] });
// @ts-expect-error read-only
subscription.cursor = "x";
new EventStreamParser(({ id, data }) => console.log(id, data)).push("data: x\n\n");
console.log(backoff(1, { least: 1, most: 2 }, Math.random), loop);
