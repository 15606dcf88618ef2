"""Schemathesis against the real server: `check.py BINARY`. Ends with what it ends with; the server must live until then."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOOL = ROOT / "target/interop/openapi/python/bin/schemathesis"
PATIENCE = 30


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=1).status == 200
    except OSError:
        return False


def publish(url, channel, body):
    request = urllib.request.Request(f"{url}/c/{channel}", data=body, method="POST")
    urllib.request.urlopen(request, timeout=PATIENCE).read()


def judge(url, folder):
    # What is asked about should be there, or all is answered 404.
    for number in range(20):
        publish(url, "hello", b'{"number": %d}' % number)
    command = [TOOL, "--config-file", HERE / "schemathesis.toml", "--no-color"]
    command += ["run", ROOT / "docs/openapi.json", "--url", url]
    environment = {**os.environ, "FANFARE_URL": url, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, cwd=folder).returncode


def main():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [os.path.abspath(sys.argv[1]), "serve", "--listen", f"127.0.0.1:{port}", "--data", f"{folder}/data"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + PATIENCE
            while not answers(f"{url}/readyz"):
                if time.monotonic() > end or server.poll() is not None:
                    sys.exit("openapi: the server does not start")
                time.sleep(0.02)
            code = judge(url, folder)
            if server.poll() is not None:
                sys.exit(f"openapi: the server ended by itself with {server.returncode}")
        finally:
            server.kill()
            server.wait()
    sys.exit(code)


if __name__ == "__main__":
    main()
