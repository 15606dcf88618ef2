// The client in Node against a real server: FANFARE names its program, MODULES the folder where npm `ws` is.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Server, until } from "../../../interop/browsers/server.mjs";
import { EventStreamParser, Fanfare, FanfareError } from "../fanfare.js";
import { applyDelta } from "../held.js";

const { FANFARE, MODULES } = process.env;
assert.ok(FANFARE && MODULES, "FANFARE names the server's program, MODULES a node_modules with `ws`");
const modules = createRequire(join(MODULES, "_"));
const WebSocket = modules("ws");
const { applyDelta: applyTheirs, createDelta } = modules("fossil-delta");
const TRANSPORTS = ["websocket", "event-stream", "long-poll"];

let server = new Server(FANFARE);
before(() => server.start());
after(() => server.end());

let channels = 0;
const newChannel = () => `client/${(channels += 1)}`;
const client = (options = {}) => new Fanfare(server.url, { WebSocket, retry: { least: 50, most: 500 }, ...options });

/** What a subscription tells, in order. */
function listen(subscription) {
  const heard = { bodies: [], gaps: [], states: [], errors: [] };
  subscription.addEventListener("message", ({ detail }) => heard.bodies.push(detail.body));
  subscription.addEventListener("gap", ({ detail }) => heard.gaps.push(detail));
  subscription.addEventListener("state", ({ detail }) => heard.states.push(detail));
  subscription.addEventListener("error", ({ detail }) => heard.errors.push(detail));
  return heard;
}

test("what is published is read back as it was", async () => {
  const [fanfare, channel] = [client(), `${newChannel()}/é b`];
  const notice = { title: "ä".repeat(1900) };
  const sent = await fanfare.publish(channel, "text\n", { key: "k", ttl: "10m", priority: 4, tags: { n: 1.5, zip: "007" }, notice });
  await fanfare.publish(channel, { bid: [1.2, null] });
  await fanfare.publish(channel, new Uint8Array([0, 255]));
  const { messages, gap, more } = await fanfare.history(channel, { last: 10 });
  assert.deepEqual(messages.map(({ body }) => body), ["text\n", { bid: [1.2, null] }, new Uint8Array([0, 255])]);
  const [first] = messages;
  assert.deepEqual([first.position, first.id, first.key, first.priority], [sent.position, sent.id, "k", 4]);
  assert.deepEqual([first.tags, first.notice, gap, more], [{ n: 1.5, zip: "007" }, notice, null, false]);
});

for (const transport of TRANSPORTS) {
  test(`nothing is missed or repeated over ${transport} when the server is killed`, async () => {
    const channel = newChannel();
    const subscription = client({ transports: [transport] }).subscribe([channel, "nothing/**"]);
    const heard = listen(subscription);
    await until("it to open", () => subscription.cursor);
    const wanted = Array.from({ length: 90 }, (_, number) => String(number));
    for (const [index, number] of wanted.entries()) {
      await server.publish(channel, number);
      if (index % 30 === 20) await server.restart();
    }
    await until("all", () => heard.bodies.length >= wanted.length);
    assert.deepEqual(heard.bodies, wanted);
    assert.deepEqual([heard.gaps, heard.errors, subscription.transport], [[], [], transport]);
    subscription.close();
    assert.equal(subscription.state, "closed");
  });
}

test("what does not get through is got around, and said", async () => {
  const channel = newChannel();
  class Broken extends EventTarget {
    constructor() {
      super();
      queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("error"), { message: "a proxy said no" })));
    }
    close() {}
    send() {}
  }
  const holding = (address, init) =>
    address.includes("via=sse") ? new Promise((_, reject) => init.signal.addEventListener("abort", reject)) : fetch(address, init);
  for (const [options, expected] of [
    [{ WebSocket: Broken }, "event-stream"],
    [{ WebSocket: Broken, fetch: holding, patience: { greeting: 300 } }, "long-poll"],
  ]) {
    const subscription = client(options).subscribe(channel);
    const heard = listen(subscription);
    await until("it to open", () => subscription.transport);
    assert.equal(subscription.transport, expected);
    assert.match(heard.states.find(({ why }) => why).why, /a proxy said no/);
    await server.publish(channel, expected);
    await until("a message", () => heard.bodies.length);
    assert.deepEqual(heard.bodies, [expected]);
    subscription.close();
  }
});

test("at a rate the newest of each key is heard, over every transport", async () => {
  const [fanfare, channel, last] = [client(), newChannel(), 199];
  const all = TRANSPORTS.map((transport) => client({ transports: [transport] }).subscribe(channel, { rate: 4, last: 0 }));
  const heard = all.map(listen);
  await until("all to hear", () => all.every(({ state }) => state === "open"));
  for (let number = 0; number <= last; number += 1) await fanfare.publish(channel, number, { key: `k${number % 2}` });
  await until("the newest", () => heard.every(({ bodies }) => bodies.includes(last - 1) && bodies.includes(last)));
  for (const { bodies } of heard) assert.ok(bodies.length < 100, String(bodies));
  for (const subscription of all) subscription.close();
  const refused = fanfare.subscribe(channel, { bytes: "lots" });
  const { errors } = listen(refused);
  await until("it to be refused", () => refused.state === "closed");
  assert.match(errors[0].detail, /50k/);
});

test("with latest the newest of each key comes first, over every transport and by history", async () => {
  const [fanfare, channel] = [client(), newChannel()];
  for (let number = 0; number < 100; number += 1) await fanfare.publish(channel, number, { key: `k${number % 3}` });
  const all = TRANSPORTS.map((transport) => client({ transports: [transport] }).subscribe(channel, { latest: true }));
  const heard = all.map(listen);
  await until("the newest", () => heard.every(({ bodies }) => bodies.length >= 3));
  await fanfare.publish(channel, "live", { key: "k0" });
  await until("what comes after", () => heard.every(({ bodies }) => bodies.includes("live")));
  for (const { bodies } of heard) assert.deepEqual(bodies, [97, 98, 99, "live"]);
  for (const subscription of all) subscription.close();
  const page = await fanfare.history(channel, { latest: true });
  assert.deepEqual(page.messages.map(({ body }) => body), [97, 98, "live"]);
});

test("who says nothing hears the newest of each key first where a namespace begins so, over every transport", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fanfare-"));
  const config = join(folder, "fanfare.toml");
  writeFileSync(config, "[[namespace]]\npattern = 'boards/**'\nlatest = true\n");
  const boards = await new Server(FANFARE, "--config", config).start();
  try {
    const fanfare = (transports = TRANSPORTS) => new Fanfare(boards.url, { WebSocket, transports });
    const say = (number) => fanfare().publish("boards/a", number, { key: `k${number % 3}` });
    for (let number = 0; number < 100; number += 1) await say(number);
    const all = TRANSPORTS.map((transport) => fanfare([transport]).subscribe("boards/**"));
    const heard = all.map(listen);
    await until("the newest", () => heard.every(({ bodies }) => bodies.length >= 3));
    for (const subscription of all) subscription.reconnect();
    await say(100);
    await until("what comes after", () => heard.every(({ bodies }) => bodies.includes(100)));
    for (const { bodies, errors } of heard) assert.deepEqual([bodies, errors], [[97, 98, 99, 100], []]);
    for (const subscription of all) subscription.close();
  } finally {
    await boards.end();
    rmSync(folder, { recursive: true });
  }
});

test("only what a filter accepts is heard, over every transport and by history", async () => {
  const [fanfare, channel, filter] = [client(), newChannel(), "temp > 20"];
  const say = (temp) => fanfare.publish(channel, String(temp), { tags: { temp } });
  for (const temp of [12, 22, 18, 31]) await say(temp);
  const { messages } = await fanfare.history(channel, { filter, last: 10 });
  assert.deepEqual(messages.map(({ body }) => body), ["22", "31"]);
  const all = TRANSPORTS.map((transport) => client({ transports: [transport] }).subscribe(channel, { filter, last: 10 }));
  const heard = all.map(listen);
  await until("what was said", () => heard.every(({ bodies }) => bodies.length === 2));
  for (const subscription of all) subscription.reconnect();
  await say(19);
  await say(40);
  await until("what is said now", () => heard.every(({ bodies }) => bodies.length > 2));
  for (const { bodies } of heard) assert.deepEqual(bodies, ["22", "31", "40"]);
  for (const subscription of all) subscription.close();
  for (const transport of TRANSPORTS) {
    const refused = client({ transports: [transport] }).subscribe(channel, { filter: "temp >" });
    const { errors } = listen(refused);
    await until("it to be refused", () => refused.state === "closed");
    assert.deepEqual(errors.map(({ code, retry }) => [code, retry]), [[3020, "never"]], transport);
    assert.match(errors[0].detail, /column 7/);
  }
});

test("bodies that come as changes are heard as they were said, whatever is cut", async () => {
  const channel = newChannel();
  const wire = [];
  class Watched extends WebSocket {
    constructor(address) {
      super(address);
      this.on("message", (data) => wire.push(JSON.parse(data)));
    }
  }
  const watched = async (address, init) => {
    const response = await fetch(address, init);
    const parser = new EventStreamParser(({ data }) => data && wire.push(JSON.parse(data)));
    const [mine, theirs] = response.body.tee();
    (async () => {
      for await (const piece of mine) parser.push(new TextDecoder().decode(piece));
    })().catch(() => {});
    return new Response(theirs, response);
  };
  for (const transport of ["websocket", "event-stream"]) {
    wire.length = 0;
    const fanfare = client({ transports: [transport], WebSocket: Watched, fetch: watched });
    const subscription = fanfare.subscribe(`${channel}/${transport}`, { deltas: true });
    const heard = listen(subscription);
    await until("it to open", () => subscription.cursor);
    const said = [];
    for (let number = 0; number < 30; number += 1) {
      const text = `${"a text that stays, with é and 😀; ".repeat(4)}${number}`;
      const body = [text, { text, number: [number, null] }, new TextEncoder().encode(text).map((byte) => byte ^ 0xff)][number % 3];
      said.push(body);
      await fanfare.publish(`${channel}/${transport}`, body, { key: `k${number % 3}` });
      if (number === 14) {
        await until("half", () => heard.bodies.length === said.length);
        subscription.reconnect();
        await until("it to open again", () => subscription.state === "open");
      }
    }
    await until("all", () => heard.bodies.length >= said.length);
    assert.deepEqual(heard.bodies, said);
    assert.deepEqual([heard.gaps, heard.errors], [[], []]);
    const deltas = wire.filter(({ delta }) => delta);
    assert.ok(deltas.length >= 20, `${transport}: ${deltas.length}`);
    subscription.close();
  }
});

test("a change that cannot be applied costs a connection and no message", async () => {
  const channel = newChannel();
  // Spoils the first change, and tells it together with what comes next, as one read of a socket may.
  class Spoiling extends EventTarget {
    #socket;
    #kept = null;
    static spoilt = 0;
    constructor(address) {
      super();
      this.#socket = new WebSocket(address);
      for (const type of ["close", "error", "open"]) {
        this.#socket.addEventListener(type, ({ code, reason, message }) => this.dispatchEvent(Object.assign(new Event(type), { code, reason, message })));
      }
      this.#socket.addEventListener("message", ({ data }) => {
        const item = JSON.parse(data);
        if (item.delta && !Spoiling.spoilt) {
          Spoiling.spoilt += 1;
          item.delta.base += 1000;
          this.#kept = JSON.stringify(item);
          return;
        }
        if (this.#kept) this.#tell(this.#kept);
        this.#kept = null;
        this.#tell(data);
      });
    }
    #tell(data) {
      this.dispatchEvent(Object.assign(new Event("message"), { data }));
    }
    send(text) {
      this.#socket.send(text);
    }
    close() {
      this.#socket.close();
    }
  }
  const subscription = client({ transports: ["websocket"], WebSocket: Spoiling }).subscribe(channel, { deltas: true });
  const heard = listen(subscription);
  await until("it to open", () => subscription.cursor);
  const said = Array.from({ length: 6 }, (_, number) => `${"much that stays ".repeat(10)}${number}`);
  for (const body of said) await server.publish(channel, body);
  await until("all", () => heard.bodies.length >= said.length);
  assert.deepEqual([heard.bodies, heard.gaps, Spoiling.spoilt], [said, [], 1]);
  assert.match(heard.states.map(({ why }) => why ?? "").join(), /not here/);
  subscription.close();
});

test("what is held and what a delta says are checked, by the format's own implementation, too", async () => {
  const bytes = (text) => new TextEncoder().encode(text);
  const [one, two, other] = ["1", "2, longer", "1"].map((end, index) => bytes(`${["ä", "ä", "ö"][index]} ${"long text, ".repeat(20)}${end}`));
  const made = createDelta(one, two);
  assert.deepEqual(applyDelta(one, Uint8Array.from(made)), two);
  assert.throws(() => applyDelta(other, Uint8Array.from(made)), /no delta/);
  for (const text of ["", "5", "5\n5:abc", "9\n5:abcde0;", "~~~~~~~\n0;", "5\n5@~~~~~,0;"]) {
    assert.throws(() => applyDelta(one, bytes(text)), /no delta/, text);
  }
  const channel = newChannel();
  const response = await fetch(`${server.url}/c/${channel}?via=stream&as=delta`);
  const lines = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let number = 0; number < 3; number += 1) await server.publish(channel, `${"much that stays ".repeat(10)}${number}`);
  let text = "";
  while (text.split("\n").length < 5) text += (await lines.read()).value;
  const [, first, second] = text.split("\n").map((line) => line && JSON.parse(line));
  const whole = applyTheirs(bytes(first.body), bytes(second.delta.text));
  assert.equal(new TextDecoder().decode(Uint8Array.from(whole)), `${"much that stays ".repeat(10)}1`);
  await lines.cancel();
});

test("a refusal ends a loop, over every transport", async () => {
  for (const transport of TRANSPORTS) {
    const loop = async () => {
      for await (const message of client({ transports: [transport] }).subscribe("a//b")) assert.fail(message);
    };
    await assert.rejects(loop, (error) => error instanceof FanfareError && error.code === 3001 && error.retry === "never");
  }
  await assert.rejects(client().publish("a//b", "x"), { code: 3001, retry: "never" });
  await assert.rejects(client().publish("a", "x", { priority: 9 }), { code: 3003 });
});

test("a loop that is slow loses nothing, and leaving it closes the subscription", async () => {
  const [channel, count] = [newChannel(), 4000];
  const fanfare = client();
  const subscription = fanfare.subscribe(channel);
  const loop = subscription[Symbol.asyncIterator]();
  const first = loop.next();
  await until("it to open", () => subscription.cursor);
  for (let from = 0; from < count; from += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => JSON.stringify({ channel, body: String(from + index) }));
    const headers = { "Content-Type": "application/x-ndjson" };
    const response = await fetch(`${server.url}/publish`, { method: "POST", headers, body: lines.join("\n") });
    assert.equal(response.status, 200);
  }
  const found = [(await first).value.body];
  while (found.length < count) found.push((await loop.next()).value.body);
  assert.deepEqual(found, Array.from({ length: count }, (_, number) => String(number)));
  await loop.return();
  assert.equal(subscription.state, "closed");
});

test("a publish waits for a server, and is said once", async () => {
  const channel = newChannel();
  await server.kill();
  const sent = client().publish(channel, "x");
  await server.start();
  await sent;
  const { messages } = await client().history(channel);
  assert.equal(messages.length, 1);
});

test("a signal closes, and a cursor goes on", async () => {
  const channel = newChannel();
  const signal = new AbortController();
  const subscription = client().subscribe(channel, { signal: signal.signal });
  const heard = listen(subscription);
  await until("it to open", () => subscription.cursor);
  await server.publish(channel, "1");
  await until("a message", () => heard.bodies.length);
  signal.abort();
  assert.equal(subscription.state, "closed");
  await server.publish(channel, "2");
  const later = client({ transports: ["event-stream"] }).subscribe(channel, { after: subscription.cursor });
  const rest = listen(later);
  await until("what was missed", () => rest.bodies.length);
  later.reconnect();
  await server.publish(channel, "3");
  await until("what came", () => rest.bodies.length > 1);
  assert.deepEqual([heard.bodies, rest.bodies], [["1"], ["2", "3"]]);
  later.close();
});
