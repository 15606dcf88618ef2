"""Readers that others wrote: `readers.py websockets|sse URL`. Each body on a line of standard output, for ever.

Whoever is cut comes back with the last cursor, as docs/wire.md says.
"""

import asyncio
import json
import sys

import httpx
import httpx_sse
import websockets

PAUSE = 0.2


def say(body):
    print(body, flush=True)


async def read_websockets(url):
    url = url.replace("http://", "ws://")
    cursor = None
    while True:
        try:
            async with websockets.connect(url + (f"?after={cursor}" if cursor else "?last=1000")) as socket:
                async for text in socket:
                    event = json.loads(text)
                    if "body" in event:
                        say(event["body"])
                    cursor = event.get("cursor", cursor)
        except (OSError, websockets.WebSocketException):
            await asyncio.sleep(PAUSE)


async def read_sse(url):
    last_event_id = ""
    async with httpx.AsyncClient(timeout=None) as client:
        while True:
            headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
            try:
                async with httpx_sse.aconnect_sse(client, "GET", url + "?last=1000", headers=headers) as events:
                    async for event in events.aiter_sse():
                        last_event_id = event.id or last_event_id
                        if not event.event.startswith("$"):
                            say(event.data)
            except httpx.HTTPError:
                await asyncio.sleep(PAUSE)


if __name__ == "__main__":
    asyncio.run({"websockets": read_websockets, "sse": read_sse}[sys.argv[1]](sys.argv[2]))
