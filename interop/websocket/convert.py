"""Makes Python 3 of the Autobahn suite: `convert.py SOURCE TARGET`.

The suite runs on CPython 2.7 only, which nobody packages any more. Its cases are data with little code around it, so
fissix (the kept 2to3) and the edits below are enough. Only the fuzzing client is taken.

Python 2 wrote octets as `str`. They stay `str` here, one octet in each character: the sources are read as Latin-1,
and `octets` and `text` convert where the cases meet the protocol. So no payload of any case is rewritten.
"""

import pathlib
import shutil
import sys

from fissix.refactor import RefactoringTool

FIXERS = [f"fissix.fixes.fix_{name}" for name in ("except", "has_key", "import", "print", "unicode", "xrange")]
FILES = ["_version.py", "caseset.py", "fuzzing.py", "report.py", "case/*.py"]

INIT = '''"""The Autobahn suite, converted; see interop/websocket/convert.py."""
from ._version import __version__ as version
'''

OCTETS = '''"""Octets as Python 2 wrote them: a str with one octet in each character."""
import binascii

def octets(data):
    return data.encode("latin-1") if isinstance(data, str) else bytes(data)

def text(data):
    return data if isinstance(data, str) else bytes(data).decode("latin-1")

def b2a_hex(data):
    return binascii.b2a_hex(octets(data)).decode()
'''
IMPORT = "from autobahntestsuite.octets import b2a_hex, octets, text\n"

# In every file, where it occurs.
EVERYWHERE = [
    ("binascii.b2a_hex(", "b2a_hex("),
    ("binascii.hexlify(", "b2a_hex("),
    # A class may not come before its base any more.
    ("(object, Case, )", "(Case, )"),
    # Newer setuptools have no pkg_resources.
    (", pkg_resources", ""),
    ('pkg_resources.resource_filename("autobahntestsuite", ', 'os.path.join(os.path.dirname(__file__), "..", '),
]

# In one file, where it has to occur.
EDITS = {
    "case/__init__.py": [
        # Not among the cases that are run, and not Python 3.
        ("from .case9_9_1 import *\n", ""),
    ],
    "case/case.py": [
        # Pickles of equal values differ when one was interned.
        ("pickle.dumps(obj1) == pickle.dumps(obj2)", "obj1 == obj2"),
    ],
    "case/case6_x_x.py": [
        ("v.validate(vss[:i])", "v.validate(octets(vss[:i]))"),
    ],
    "case/case10_1_1.py": [
        ("len(self.payload) / self.p.autoFragmentSize", "len(self.payload) // self.p.autoFragmentSize"),
    ],
    "case/case12_x_x.py": [
        ("m.update(msg)", "m.update(octets(msg))"),
        ("msg = msg.decode('utf-8')", "msg = octets(msg).decode('utf-8')"),
        # The protocol's library renamed these.
        ("requestNoContextTakeover", "request_no_context_takeover"),
        ("requestMaxWindowBits", "request_max_window_bits"),
        ("acceptNoContextTakeover", "accept_no_context_takeover"),
        ("acceptMaxWindowBits", "accept_max_window_bits"),
    ],
    "fuzzing.py": [
        ("dd = data[:maxlen] + ellipses", "dd = text(data[:maxlen]) + ellipses"),
        ("dd = data\n", "dd = text(data)\n"),
        ("return dd.decode(", "return octets(dd).decode("),
        ("p = ''.join(payload)", "p = b''.join(payload)"),
        ("self.failConnection()", "self._fail_connection()"),
        ("(self, debug = debug, debugCodePaths = debug)", "(self)"),
        ("proto = FuzzingClientProtocol()", "proto = self.protocol()"),
        # The reports were files of octets.
        (", 'w')", ", 'w', encoding='latin-1', errors='xmlcharrefreplace')"),
        ("c[1])).encode(\"utf-8\"))", "c[1])))"),
        ("ll.encode('utf8')", "ll"),
        ("json.dumps(case,", "json.dumps(case, default = text,"),
    ],
    "report.py": [
        ("import jinja2\n", ""),
    ],
}

# The rest of this file writes reports of another kind, with a library more.
REPORT_REST = "REPORT_DIR_PERMISSIONS"


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(target, ignore_errors=True)
    tool = RefactoringTool(FIXERS)
    for path in sorted(path for pattern in FILES for path in source.glob(pattern)):
        name = path.relative_to(source).as_posix()
        write(target / name, converted(tool, name, path))
    write(target / "__init__.py", INIT)
    write(target / "octets.py", OCTETS)
    shutil.copytree(source / "testdata", target / "testdata")


def converted(tool, name, path):
    before = path.read_text(encoding="latin-1")  # with the line ends of all systems as \n
    if name == "report.py":
        before = before.partition(REPORT_REST)[0]
    after = str(tool.refactor_string(before + "\n", str(path)))
    for old, new in EVERYWHERE:
        after = after.replace(old, new)
    for old, new in EDITS.get(name, []):
        if old not in after:
            sys.exit(f"convert: {old!r} is not in {name} any more; look what it is now and change EDITS")
        after = after.replace(old, new)
    return IMPORT + after


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


main()
