// What needs no server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStreamParser, Fanfare, backoff } from "../fanfare.js";
import { Held } from "../held.js";

test("an event stream is the same however it is cut", () => {
  const text = "retry: 10\r\nid: a\r\n\r\n: silent\nid: b\ndata: x\r\ndata:y\rdata\n\nevent: e\ndata: \0é\n\nrest";
  const expected = [
    { retry: 10, id: "a" },
    { id: "b", data: "x\ny\n" },
    { event: "e", data: "\0é" },
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const found = [];
    const parser = new EventStreamParser((block) => found.push(block));
    for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
    assert.deepEqual(found, expected, `pieces of ${size}`);
  }
});

test("waits grow to a limit, and are never the same for all", () => {
  const retry = { least: 100, most: 1000 };
  const longest = [0, 1, 2, 3, 4, 50].map((attempt) => backoff(attempt, retry, () => 1));
  assert.deepEqual(longest, [100, 200, 400, 800, 1000, 1000]);
  assert.equal(backoff(3, retry, () => 0), 0);
});

test("what no change is made of is not held", () => {
  const delta = (base) => ({ channel: "a", position: 9, cursor: "C", delta: { base, text: "2\n2:hi1dQG00;", gives: "body" } });
  const message = (position, length) => ({ channel: "a", position, cursor: "C", body: "x".repeat(length) });
  for (const length of [47, (256 << 10) + 1]) {
    const held = new Held();
    held.whole(message(1, 48));
    assert.equal(held.whole(delta(1)).body, "hi");
    held.whole(message(2, 256 << 10));
    assert.equal(held.whole(delta(2)).body, "hi");
    held.whole(message(3, 48));
    held.whole(message(4, length));
    for (const base of [3, 4]) assert.throws(() => held.whole(delta(base)), /not here/);
  }
});

test("what cannot be is said at once", () => {
  assert.throws(() => new Fanfare(), /where is the server/);
  assert.throws(() => new Fanfare("http://localhost", { transports: ["pigeon"] }), /no transport is called pigeon/);
  assert.throws(() => new Fanfare("http://localhost").subscribe([]), /at least one/);
});
