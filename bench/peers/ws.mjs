// A push server as most people write it: every WebSocket hears every body that is posted.

import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../target/interop/peers/", import.meta.url));
const { WebSocket, WebSocketServer } = require("ws");

if (process.argv.includes("--version")) {
  console.log(require("ws/package.json").version);
  process.exit();
}

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    for (const socket of sockets.clients) {
      if (socket.readyState === WebSocket.OPEN) socket.send(body, { binary: false });
    }
    response.writeHead(201).end();
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
