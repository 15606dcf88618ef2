"""Prometheus judges the metrics, the alerts and the dashboard of a real server: `check.py FANFARE`."""

import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "docs/prometheus/alerts.yml"
FIRING = ROOT / "interop/metrics/alerts.test.yml"
DASHBOARD = ROOT / "docs/grafana/fanfare.json"
PATIENCE = 60
# No proxy: everything is on this machine.
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url, body=None, headers=None, method=None):
    """The status and the text of an answer, whatever it is."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with OPEN(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            found = condition()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            sys.exit(f"waited {PATIENCE} s in vain for: {what}")
        time.sleep(0.1)


def promtool(*args, **more):
    done = subprocess.run(["promtool", *args], capture_output=True, text=True, **more)
    said = (done.stdout + done.stderr).strip()
    if done.returncode or "error" in said.lower():
        sys.exit(f"promtool {' '.join(args)}: {said}")
    print(f"promtool {' '.join(args[:2])}: fine")


class Traffic:
    """Readers and publishers that go on until the end."""

    def __init__(self, server):
        self.server, self.ended = server, threading.Event()
        for work in (self.hear, self.publish):
            threading.Thread(target=work, daemon=True).start()

    def hear(self):
        try:
            with OPEN(f"{self.server}/subscribe?channel=**&via=sse", timeout=PATIENCE) as stream:
                while not self.ended.is_set() and stream.readline():
                    pass
        except OSError:
            pass

    def publish(self):
        while not self.ended.wait(0.05):
            try:
                for channel in ("kept/a", "live/b"):
                    ask(f"{self.server}/c/{channel}", b"hello")
                ask(f"{self.server}/c/kept/a?limit=nonsense")
                cursor = json.loads(ask(f"{self.server}/c/kept/c", b"1")[1])["cursor"]
                ask(f"{self.server}/c/kept/c", b"2")
                ask(f"{self.server}/c/kept/c/$purge", b"")
                ask(f"{self.server}/c/kept/c?after={cursor}")
            except OSError:
                return


class Prometheus:
    def __init__(self, folder, target):
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: ['{ALERTS}']\n"
            "scrape_configs:\n"
            f"  - {{job_name: fanfare, static_configs: [{{targets: ['{target}']}}]}}\n"
        )
        log = (folder / "prometheus.log").open("w")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self.url[7:]}",
            ],
            stdout=log,
            stderr=log,
        )

    def get(self, path, **query):
        status, text = ask(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}")
        answer = json.loads(text)
        if answer["status"] != "success":
            sys.exit(f"{path} {query}: {status} {text}")
        return answer["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]


def expressions():
    """Each expression of the dashboard, with what Grafana would put in."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"].replace("$__rate_interval", "10s")
            yield panel["title"], re.sub(r"\$(job|instance)", ".*", text)


def judge(prometheus):
    until("Prometheus", lambda: ask(f"{prometheus.url}/-/ready")[0] == 200)
    until("a server that is up", lambda: prometheus.query("up == 1"))
    count = 0
    for title, expression in expressions():
        until(f"numbers for «{title}»: {expression}", lambda: prometheus.query(expression))
        count += 1
    print(f"prometheus: {count} expressions of the dashboard have numbers")
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    until("every alert to be evaluated", lambda: all(
        rule["health"] == "ok"
        for group in prometheus.get("rules")["groups"]
        for rule in group["rules"]
    ))
    firing = [alert for alert in prometheus.get("alerts")["alerts"] if alert["state"] == "firing"]
    if firing:
        sys.exit(f"alerts fire though all is well: {firing}")
    print(f"prometheus: {len(rules)} alerts are evaluated, none fires")


def main(fanfare):
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(FIRING))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        config = folder / "fanfare.toml"
        config.write_text('[[namespace]]\npattern = "live/**"\nkeeping = "live"\n')
        target = f"127.0.0.1:{free_port()}"
        server = subprocess.Popen(
            [fanfare, "serve", "--listen", target, "--data", folder / "store", "--config", config],
            stdout=subprocess.DEVNULL,
        )
        prometheus = None
        try:
            until("the server", lambda: ask(f"http://{target}/readyz")[0] == 200)
            traffic = Traffic(f"http://{target}")
            prometheus = Prometheus(folder, target)
            judge(prometheus)
            scrape = ask(f"http://{target}/metrics")[1]
            promtool("check", "metrics", input=scrape)
            traffic.ended.set()
            server.kill()
            server.wait()
            until("an alert once the server is gone", lambda: [
                alert for alert in prometheus.get("alerts")["alerts"]
                if alert["labels"]["alertname"] == "FanfareDown"
            ])
            print("prometheus: a server that is gone is noticed")
        finally:
            for process in (server, prometheus and prometheus.process):
                if process:
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    main(sys.argv[1])
