"""ffmpeg and feedparser use a real server: `check.py FANFARE`."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import feedparser

PATIENCE = 30
# No proxy: everything is on this machine.
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
FFMPEG = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y"]
FRAMES = 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url, body=None, headers=None):
    """The status, the headers and the bytes of an answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with OPEN(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


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
        time.sleep(0.05)


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def messages(url, channel):
    return json.loads(ask(f"{url}/c/{channel}?limit=1000")[2])["messages"]


def check_cameras(url, folder):
    """ffmpeg sends images, and another one reads them meanwhile."""
    film = ["-re", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=5", "-t", "4", "-f", "mpjpeg", "-method", "POST"]
    headers = ["-headers", "Content-Type: multipart/x-mixed-replace;boundary=ffmpeg\r\n"]
    camera = subprocess.Popen([*FFMPEG, *film, *headers, f"{url}/c/cam/a"])
    until("an image", lambda: messages(url, "cam/a"))
    watch = ["-f", "mpjpeg", "-i", f"{url}/c/cam/a?via=mjpeg", "-frames:v", "10", f"{folder}/%02d.png"]
    subprocess.run([*FFMPEG, *watch], check=True, timeout=PATIENCE)
    same("the camera's end", camera.wait(PATIENCE), 0)
    pictures = {path.read_bytes() for path in Path(folder).glob("*.png")}
    # Each is sent twice, and the viewer began with the newest.
    same("pictures that differ", len(pictures) >= 5, True)
    said = messages(url, "cam/a")
    same("images", (len(said), {message["content_type"] for message in said}), (FRAMES, {"image/jpeg"}))
    print("ffmpeg, camera and viewer: fine")


def check_feeds(url):
    text = {"Content-Type": "text/plain; charset=utf-8"}
    ask(f"{url}/c/news/a", "First <line> & more\nsecond".encode(), text)
    ask(f"{url}/c/news/a", b"<p>Bold</p>", {"Content-Type": "text/html", "Event": "edition"})
    ask(f"{url}/c/news/a", b"\x89PNG\r\n\x1a\n", {"Content-Type": "image/png", "Notice": '{"title":"A view"}'})
    for via in ["rss", "atom", "cdf"]:
        status, headers, body = ask(f"{url}/c/news/a?via={via}")
        same(f"{via}, status", status, 200)
        # A type that feedparser has not heard of is no reason to complain.
        told = {} if via == "cdf" else {"content-type": headers["Content-Type"]}
        feed = feedparser.parse(body, response_headers=told)
        same(f"{via}, complaints", str(feed.get("bozo_exception", "")), "")
        same(f"{via}, title", feed.feed.title, "news/a")
        same(f"{via}, titles", [entry.title for entry in feed.entries], ["A view", "edition", "First <line> & more"])
        links = [entry.link.rsplit("/$at/", 1)[0] for entry in feed.entries]
        same(f"{via}, links", links, [f"{url}/c/news/a"] * 3)
        if via != "cdf":
            same(f"{via}, ids", [entry.id.startswith("urn:uuid:") for entry in feed.entries], [True] * 3)
            same(f"{via}, times", [bool(entry.published_parsed) for entry in feed.entries], [True] * 3)
            enclosed = feed.entries[0].enclosures[0]
            same(f"{via}, enclosure", (enclosed.type, enclosed.length), ("image/png", "8"))
        status, _, body = ask(f"{url}/c/news/a?via={via}", headers={"If-None-Match": headers["ETag"]})
        same(f"{via}, asked again", (status, body), (304, b""))
        print(f"feedparser, {via}: fine")


def main():
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "fanfare.toml"
        config.write_text('[[namespace]]\npattern = "cam/**"\nbody = "1 MiB"\n')
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.argv[1], "serve", "--config", config, "--listen", f"127.0.0.1:{port}", "--data", f"{folder}/data"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, **quiet)
        try:
            until("the server", lambda: ask(f"{url}/readyz")[0] == 200)
            pictures = Path(folder) / "pictures"
            pictures.mkdir()
            check_cameras(url, pictures)
            check_feeds(url)
        finally:
            server.kill()
            server.wait()


main()
