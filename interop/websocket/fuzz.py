"""Runs the converted Autobahn suite against one server and judges: `fuzz.py REPORTS URL [CASE...]`.

Ends with 0 when every case, and its close, is OK or informational. A case is a number or a pattern: `7.*`.
"""

import collections
import contextlib
import pathlib
import shutil
import sys
import time

import txaio

txaio.use_twisted()

from autobahntestsuite import case as suite
from autobahntestsuite.caseset import CaseSet
from autobahntestsuite.fuzzing import FuzzingClientFactory, FuzzingClientProtocol
from autobahntestsuite.octets import octets, text
from twisted.internet import reactor
from twisted.python import log

# A busy machine is not a broken server. The cases' own times stay as they are.
PATIENCE = {"openHandshakeTimeout": 30, "closeHandshakeTimeout": 10, "serverConnectionDropTimeout": 10}
FINE = ("OK", "INFORMATIONAL")
COLUMNS = ("OK", "NON-STRICT", "INFORMATIONAL", "FAILED", "UNIMPLEMENTED")


class Client(FuzzingClientProtocol):
    """Stands between the cases, whose octets are text, and the protocol, whose octets are bytes."""

    debug = False

    def sendFrame(self, opcode, payload=b"", *rest, **named):
        super().sendFrame(opcode, octets(payload), *rest, **named)

    def sendMessage(self, payload, isBinary=False, *rest, **named):
        # The cases were written for a protocol that said nothing to a message after the close.
        if self.state == self.STATE_OPEN:
            super().sendMessage(octets(payload), isBinary, *rest, **named)

    def sendMessageFrameData(self, payload, sync=False):
        return super().sendMessageFrameData(octets(payload), sync)

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        super().sendCloseFrame(code, None if reasonUtf8 is None else octets(reasonUtf8), isReply)
        if self.localCloseReason is not None:
            self.localCloseReason = text(self.localCloseReason)

    def onMessage(self, payload, isBinary):
        super().onMessage(text(payload), isBinary)

    def onPong(self, payload):
        super().onPong(text(payload))


class Run(FuzzingClientFactory):
    """All cases against one server; says how far it is."""

    protocol = Client

    def __init__(self, spec, out):
        self.out = out
        self.results = {}
        super().__init__(spec)

    def logCase(self, result):
        super().logCase(result)
        self.results[result["id"]] = result
        done, of = len(self.results), len(self.specCases)
        if self.out.isatty():
            self.out.write(f"\r{done} of {of}, {result['id']} ended \x1b[K" + ("\n" if done == of else ""))
        elif done % 50 == 0 or done == of:
            self.out.write(f"{done} of {of} cases\n")
        self.out.flush()


def main():
    reports, url, *patterns = sys.argv[1:]
    reports = pathlib.Path(reports)
    cases = known(patterns or ["*"])
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    server = {"agent": "echo", "url": url, "options": PATIENCE}
    spec = {"outdir": f"{reports}/", "servers": [server], "cases": cases}
    started = time.monotonic()
    troubles = []
    log.addObserver(lambda event: troubles.append(event) if event.get("isError") else None)
    out = sys.stdout
    with (reports / "log").open("w") as talk, contextlib.redirect_stdout(talk):
        txaio.start_logging(out=talk, level="warn")
        run = Run(spec, out)
        reactor.run()
    print(f"ran {len(run.results)} cases in {time.monotonic() - started:.0f} s; the reports: {reports}/index.html")
    sys.exit(judged(run, troubles))


def known(patterns):
    every = CaseSet(
        suite.CaseSetname, suite.CaseBasename, suite.Cases, suite.CaseCategories, suite.CaseSubCategories
    )
    for pattern in patterns:
        cases = every.resolveCasePatternList([pattern])
        if not cases or cases[0] not in every.CasesIndices:
            sys.exit(f"there is no case {pattern}; a case is a number or a pattern, as 1.1.1 or '7.*'")
    return patterns


def judged(run, troubles):
    """Prints the table and what is wrong; the exit code."""
    table(run.results)
    bad = [result for result in in_order(run.results) if not fine(result)]
    for result in bad:
        explain(result)
    missing = [case for case in run.specCases if case not in run.results]
    if missing:
        print(f"{len(missing)} cases could not run, from {missing[0]} on: does the server still serve?")
    for event in troubles:
        print("the suite itself failed:", log.textFromEventDict(event))
    return 1 if bad or missing or troubles else 0


def fine(result):
    return result["behavior"] in FINE and result["behaviorClose"] in FINE


def in_order(results):
    return [results[case] for case in sorted(results, key=lambda case: [int(part) for part in case.split(".")])]


def table(results):
    sections = collections.defaultdict(collections.Counter)
    for result in in_order(results):
        behavior = result["behavior"]
        kinds = [behavior if behavior in COLUMNS else "FAILED"]
        kinds += [] if result["behaviorClose"] in FINE else ["bad close"]
        for section in (result["id"].split(".")[0], "all"):
            sections[section].update(kinds)
    columns = (*COLUMNS, "bad close")
    print(f"{'section':34}" + "".join(f"{column:>15}" for column in columns))
    for section in [*(name for name in sections if name != "all"), "all"]:
        name = f"{section} {suite.CaseCategories.get(section, '')}"
        print(f"{name:34.34}" + "".join(f"{sections[section][column]:15}" for column in columns))


def explain(result):
    print(f"\n{result['id']}: {result['behavior']}, close: {result['behaviorClose']}")
    print(f"  {plain(result['description'])}")
    print(f"  expected: {plain(result['expectation'])}")
    for behavior, events in result["expected"].items():
        print(f"    {behavior}: {events}")
    print(f"  received: {result['result']} {result['received'] or ''}")
    print(f"  close: {result['resultClose']}; expected {result['expectedClose']}, code {result['remoteCloseCode']}")


def plain(html):
    words = octets(html).decode("utf-8", "replace").replace("<br>", " ").replace("<b>", "").replace("</b>", "")
    return " ".join(words.split())


main()
