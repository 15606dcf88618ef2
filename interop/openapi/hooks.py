"""What Schemathesis cannot know. Responses that are held open have no end that it could wait for: streams become long polls, and
those do not wait. Texts that only the server makes are asked of the server."""

import json
import os
import urllib.request

import schemathesis
from hypothesis import strategies as st

HELD = {"sse", "ndjson", "stream", "raw", "ws", "websocket"}


def only(value):
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, str) else None


def made_to_be_accepted(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def agree(query):
    """A schema cannot say that one parameter excludes another, and only the server makes cursors."""
    if "before" in query and query.get("via") in (None, "page"):
        query = {name: value for name, value in query.items() if name not in ("after", "last", "since")}
    else:
        query = {name: value for name, value in query.items() if name != "before"}
    if "since" in query:
        query.pop("last", None)
    return {name: cursor() if name in ("after", "before") else value for name, value in query.items()}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method.upper() != "GET" or case.path not in ("/subscribe", "/c/{channel}"):
        return
    query = case.query if isinstance(case.query, dict) else {}
    if only(query.get("via")) in HELD or (case.path == "/subscribe" and "via" not in query):
        query["via"] = "poll"
    if "wait" in query or only(query.get("via")) == "poll":
        query["wait"] = "0"
    case.query = agree(query) if made_to_be_accepted(case) else query


def cursor():
    with urllib.request.urlopen(os.environ["FANFARE_URL"] + "/c/hello?last=1") as answer:
        return answer.headers["Cursor"]


def notices():
    members = st.dictionaries(st.sampled_from(["title", "text", "click"]), st.text(st.characters(codec="ascii"), max_size=20))
    return members.map(json.dumps)


schemathesis.openapi.format("fanfare-notice", notices())
schemathesis.openapi.format("fanfare-cursor", st.deferred(lambda: st.just(cursor())))
schemathesis.openapi.format("fanfare-name", st.sampled_from(["hello", "hello-2", "caf\u00e9", "a b", "x" * 100]))
