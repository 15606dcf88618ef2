// The client module as a reader for the resume matrix. Each line of stdin begins to hear, and ends what was heard before:
// {"run":7,"server":"http://...","channels":["a"],"after":"...","transport":"long-poll"}
// Each line of stdout is a message, a gap, or a place alone, with the cursor to go on from: {"run":7,"cursor":"...", ...}

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Fanfare } from "../../clients/js/fanfare.js";

const WebSocket = createRequire(join(process.env.MODULES, "_"))("ws");
const retry = { least: 20, most: 200 };
let subscription;

for await (const line of createInterface({ input: process.stdin })) {
  const { run, server, channels, after, transport } = JSON.parse(line);
  subscription?.close();
  const heard = new Fanfare(server, { WebSocket, transports: [transport], retry }).subscribe(channels, { after });
  const tell = (more) => console.log(JSON.stringify({ run, cursor: heard.cursor, ...more }));
  heard.addEventListener("message", ({ detail: { channel, position, body } }) => tell({ channel, position, body }));
  heard.addEventListener("gap", ({ detail: gap }) => tell({ gap }));
  heard.addEventListener("caught-up", () => tell({}));
  heard.addEventListener("error", ({ detail: error }) => tell({ error }));
  subscription = heard;
}
process.exit(0);
