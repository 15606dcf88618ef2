"""Readers, loads and proxies of others against the real server: `check.py BINARY`.

Each reader gets 100 messages, the server is killed and started again, and it gets 100 more: none missing, none twice, in
order. `nghttp` and `h2load` speak HTTP/2. nginx and haproxy stand before every held-open transport, with the settings
that people use: nothing may be held back.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent.parent / "target/interop/clients"
PATIENCE = 30
MESSAGES = 100
# A proxy that holds back does so for seconds, or until many kilobytes have come.
AT_ONCE = 2


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binary, folder):
        self.port, self.binary, self.folder = free_port(), binary, folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        listen = f"127.0.0.1:{self.port}"
        command = [self.binary, "serve", "--listen", listen, "--data", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("the server", lambda: answers(self.url + "/readyz"))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def publish(self, channel, body):
        request = urllib.request.Request(f"{self.url}/c/{channel}", data=body.encode(), method="POST")
        request.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(request, timeout=PATIENCE).read()


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=1).status == 200
    except OSError:
        return False


def wait(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE} s in vain for: {what}")
        time.sleep(0.02)


class Lines:
    """A program whose lines are collected as they come."""

    def __init__(self, command):
        self.lines = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def end(self):
        self.process.terminate()
        self.process.wait()


def check_reader(server, name, command):
    channel = f"readers/{name}"
    server.publish(channel, "0")
    reader = Lines([*command, f"{server.url}/c/{channel}"])
    try:
        wanted = [str(number) for number in range(2 * MESSAGES + 1)]
        wait("the first message", lambda: reader.lines)
        for number in wanted[1 : MESSAGES + 1]:
            server.publish(channel, number)
        wait(f"{MESSAGES} messages", lambda: len(reader.lines) > MESSAGES)
        server.kill()
        server.start()
        for number in wanted[MESSAGES + 1 :]:
            server.publish(channel, number)
        wait("those after the restart", lambda: len(reader.lines) >= len(wanted))
        assert reader.lines == wanted, f"heard {reader.lines}"
    finally:
        reader.end()


def check_http2(server):
    server.publish("http2/a", "over two")
    said = subprocess.run(["nghttp", "-v", f"{server.url}/c/http2/a"], capture_output=True, text=True, timeout=PATIENCE)
    assert ":status: 200" in said.stdout and "over two" in said.stdout, said.stdout + said.stderr
    load = ["h2load", "-n", "20000", "-c", "8", "-m", "32", f"{server.url}/c/http2/a"]
    said = subprocess.run(load, capture_output=True, text=True, timeout=4 * PATIENCE).stdout
    assert "20000 succeeded, 0 failed" in said and "status codes: 20000 2xx" in said, said
    print("   ", next(line for line in said.splitlines() if "req/s" in line))


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{server};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
listen proxy
    bind 127.0.0.1:{port}
    server fanfare 127.0.0.1:{server}
"""

PROXIES = {
    "nginx": (NGINX, lambda path: ["nginx", "-c", path, "-p", os.path.dirname(path)]),
    "haproxy": (HAPROXY, lambda path: ["haproxy", "-f", path]),
}

HELD = {
    "event stream": ("?via=sse", {}),
    "NDJSON": ("?via=ndjson", {}),
    "raw": ("?via=raw", {}),
    "long poll": ("?wait=20", {}),
    "WebSocket": (
        "?via=ws",
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes...").decode(),
        },
    ),
}


def check_proxy(server, name):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        text, command = PROXIES[name]
        port, path = free_port(), f"{folder}/{name}.conf"
        Path(path).write_text(text.format(folder=folder, port=port, server=server.port))
        proxy = subprocess.Popen(command(path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait(name, lambda: answers(f"http://127.0.0.1:{port}/readyz"))
            for transport, (query, headers) in HELD.items():
                check_held(server, port, transport, f"/c/proxied/{name}{query}", headers)
        finally:
            proxy.send_signal(signal.SIGTERM)
            proxy.wait()


def check_held(server, port, transport, target, headers):
    with socket.create_connection(("127.0.0.1", port)) as s:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode())
        # A poll is silent, so that only time tells that it is held.
        time.sleep(0.5)
        channel = target.removeprefix("/c/").split("?")[0]
        for word in ["first word"] if transport == "long poll" else ["first word", "second word"]:
            server.publish(channel, word)
            heard, end = b"", time.monotonic() + AT_ONCE
            while word.encode() not in heard:
                s.settimeout(max(0.01, end - time.monotonic()))
                try:
                    heard += s.recv(65536)
                except TimeoutError:
                    raise AssertionError(f"{transport}: {word!r} was held back; heard {heard!r}") from None


def main():
    binary = os.path.abspath(sys.argv[1])
    python = [str(TARGET / "python/bin/python"), str(HERE / "readers.py")]
    node = ["node", str(HERE / "readers.mjs")]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(binary, folder)
        checks = {
            "Python websockets": lambda: check_reader(server, "websockets", [*python, "websockets"]),
            "Python httpx-sse": lambda: check_reader(server, "httpx-sse", [*python, "sse"]),
            "Node ws": lambda: check_reader(server, "ws", [*node, "ws"]),
            "Node eventsource": lambda: check_reader(server, "eventsource", [*node, "eventsource"]),
            "nghttp and h2load": lambda: check_http2(server),
            "behind nginx": lambda: check_proxy(server, "nginx"),
            "behind haproxy": lambda: check_proxy(server, "haproxy"),
        }
        try:
            for name, check in checks.items():
                began = time.monotonic()
                try:
                    check()
                    print(f"{name}: passed in {time.monotonic() - began:.1f} s", flush=True)
                except Exception as error:  # Each judges, whatever the others found.
                    failed += 1
                    print(f"{name}: FAILED: {error}", flush=True)
        finally:
            server.kill()
    print(f"clients: {len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
