// The real server as a child process: started, killed, and started again on the same store and port.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE = 30_000;

/** Waits until a condition holds, which may be asked for often. @param {string} what @param {() => any} condition */
export async function until(what, condition) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE / 1000} s in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Server {
  #binary;
  #folder = mkdtempSync(join(tmpdir(), "fanfare-"));
  #more;
  #process;

  constructor(binary, ...more) {
    this.#binary = binary;
    this.#more = more;
  }

  async start() {
    this.port ??= await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    const where = ["--listen", `127.0.0.1:${this.port}`, "--data", this.#folder];
    this.#process = spawn(this.#binary, ["serve", ...where, ...this.#more], { stdio: "ignore" });
    await until("the server", () => fetch(`${this.url}/readyz`).then(({ ok }) => ok, () => false));
    return this;
  }

  /** Ends it as a crash would. */
  async kill() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }

  async restart() {
    await this.kill();
    await this.start();
  }

  async end() {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  async publish(channel, body, headers = { "Content-Type": "text/plain" }) {
    const response = await fetch(`${this.url}/c/${channel}`, { method: "POST", body, headers });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }
}
