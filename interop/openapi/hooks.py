"""What Schemathesis cannot know. Responses that are held open have no end that it could wait for: streams become long polls, and
those do not wait. Texts that only the server makes are asked of the server."""

import os
import urllib.request

import schemathesis
from hypothesis import strategies as st

HELD = {"sse", "ndjson", "stream", "raw", "ws", "websocket"}


def only(value):
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, str) else None


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method.upper() != "GET" or case.path not in ("/subscribe", "/c/{channel}"):
        return
    query = case.query if isinstance(case.query, dict) else {}
    if only(query.get("via")) in HELD or (case.path == "/subscribe" and "via" not in query):
        query["via"] = "poll"
    if "wait" in query or only(query.get("via")) == "poll":
        query["wait"] = "0"
    case.query = query


def cursor():
    with urllib.request.urlopen(os.environ["FANFARE_URL"] + "/c/hello?last=1") as answer:
        return answer.headers["Cursor"]


schemathesis.openapi.format("fanfare-cursor", st.deferred(lambda: st.just(cursor())))
schemathesis.openapi.format("fanfare-name", st.sampled_from(["hello", "hello-2", "caf\u00e9", "a b", "x" * 100]))
