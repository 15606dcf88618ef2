"""Python `websockets` against a server that echoes, with every offer of permessage-deflate: `peers.py URL`.

Each offer is a connection: the answer has to be legal (RFC 7692 section 7.1), and messages of many sizes, contents and
fragments have to come back as they were. An answer is required, except to offers with a window of 8 bits, which zlib
cannot do: those may be declined, and then the echo goes on without compression.
"""

import asyncio
import itertools
import random
import re
import sys
import types
import zlib

from websockets.asyncio.client import connect
from websockets.extensions import permessage_deflate

FLAGS = (False, True)
SERVER_BITS = (None, *range(8, 16))
CLIENT_BITS = (None, True, *range(8, 16))
SIZES = (0, 1, 125, 126, 65535, 65536)
LARGE = 1 << 20
SECONDS_MAX = 60


def main():
    permessage_deflate.zlib = types.SimpleNamespace(**{**vars(zlib), "decompressobj": Inflater})
    offers = list(itertools.product(FLAGS, FLAGS, SERVER_BITS, CLIENT_BITS))
    compressed, declined, failed = 0, 0, 0
    for number, offer in enumerate(offers, 1):
        progress(f"{number} of {len(offers)} offers")
        try:
            if asyncio.run(converse(sys.argv[1], *offer)):
                compressed += 1
            else:
                declined += 1
        except Exception as error:  # whatever the library raises is the finding
            failed += 1
            print(f"\n{header(*offer)}: {type(error).__name__}: {error}")
    print(f"\nwebsockets: {len(offers)} offers: {compressed} compressed, {declined} declined, {failed} FAILED")
    sys.exit(1 if failed else 0)


async def converse(url, *offer):
    """Whether the connection was compressed."""
    chance = random.Random(header(*offer))
    async with asyncio.timeout(SECONDS_MAX):
        async with connect(url, compression=None, extensions=[Factory(*offer)], max_size=None) as socket:
            assert socket.request.headers["Sec-WebSocket-Extensions"] == header(*offer)
            answer = socket.response.headers.get("Sec-WebSocket-Extensions")
            check(answer, *offer)
            for message in messages(chance, offer[2]):
                await echo(socket, chance, message)
            many = [chance.choice(("", "many ", "messages ")) * chance.randrange(50) for _ in range(100)]
            for message in many:
                await socket.send(message)
            for message in many:
                same(await socket.recv(), message)
            return answer is not None


class Factory(permessage_deflate.ClientPerMessageDeflateFactory):
    """The library's, which also offers a window of 8 bits to the client's side.

    The library does not, for zlib cannot write with 8 bits. With 9, zlib never looks back further than 250 bytes, and
    8 bits allow 256: so 9 is taken where 8 was agreed.
    """

    def __init__(self, server_forgets, client_forgets, server_bits, client_bits):
        super().__init__(server_forgets, client_forgets, server_bits, None)
        self.client_max_window_bits = client_bits

    def process_response_params(self, params, accepted_extensions):
        eight, nine = ("client_max_window_bits", "8"), ("client_max_window_bits", "9")
        if self.client_max_window_bits == 8:
            self.client_max_window_bits = 9
            params = [nine if param == eight else param for param in params]
        return super().process_response_params(params, accepted_extensions)


def header(server_forgets, client_forgets, server_bits, client_bits):
    parts = ["permessage-deflate"]
    parts += ["server_no_context_takeover"] * server_forgets + ["client_no_context_takeover"] * client_forgets
    parts += [f"server_max_window_bits={server_bits}"] if server_bits else []
    if client_bits:
        parts.append("client_max_window_bits" + ("" if client_bits is True else f"={client_bits}"))
    return "; ".join(parts)


def check(answer, server_forgets, client_forgets, server_bits, client_bits):
    """Raises when the answer is not one that this offer allows."""
    if answer is None:
        require(8 in (server_bits, client_bits), "the offer was declined without need")
        return
    name, *parts = [part.strip() for part in answer.split(";")]
    require(name == "permessage-deflate", f"another extension was answered: {answer}")
    params = dict(part.partition("=")[::2] for part in parts)
    require(len(params) == len(parts), f"a parameter is there twice: {answer}")
    allowed = {"client_no_context_takeover": "", "server_no_context_takeover": "", "server_max_window_bits": "bits"}
    if client_bits:
        allowed["client_max_window_bits"] = "bits"
    for key, value in params.items():
        require(key in allowed, f"{key} was not offered or does not exist: {answer}")
        legal = re.fullmatch("[89]|1[0-5]", value) if allowed[key] else value == ""
        require(legal, f"the value of {key} is not legal: {answer}")
    bits = {key: int(value) for key, value in params.items() if value}
    if server_forgets:
        require("server_no_context_takeover" in params, f"server_no_context_takeover is missing: {answer}")
    if server_bits:
        require(bits.get("server_max_window_bits", 15) <= server_bits, f"the server's window is too large: {answer}")
    if client_bits and client_bits is not True:
        require(bits.get("client_max_window_bits", 8) <= client_bits, f"the client's window is too large: {answer}")


def require(truth, message):
    if not truth:
        raise ValueError(message)


def messages(chance, server_bits):
    # What repeats does so just out of sight of the window that the server was asked for.
    period = (1 << server_bits) + 100 if server_bits and server_bits < 15 else 30000
    for size, letters in itertools.product(SIZES, (written, binary)):
        yield letters(chance, size)
        yield repeated(letters(chance, period), size)
        yield repeated(letters(chance, 1), size)
    yield repeated(written(chance, period), LARGE)
    yield binary(chance, LARGE)


def binary(chance, size):
    return chance.randbytes(size)


def written(chance, size):
    """A text of this many bytes, of characters of one to four bytes."""
    letters = chance.choices("aä€𝄞", k=size // 4) + [chr(chance.randrange(32, 127)) for _ in range(size // 4)]
    chance.shuffle(letters)
    text = "".join(letters)
    return text + "." * (size - len(text.encode()))


def repeated(block, size):
    if isinstance(block, bytes):
        return (block * (size // len(block) + 1))[:size]
    whole = (block.encode() * (size // len(block.encode()) + 1))[:size].decode(errors="ignore")
    return whole + "." * (size - len(whole.encode()))


async def echo(socket, chance, message):
    await socket.send(message)
    same(await socket.recv(), message)
    octets = message.encode() if isinstance(message, str) else message
    if 0 < len(octets) < LARGE:
        # Cut anywhere, also within a character, and with an empty fragment.
        cuts = sorted(chance.randrange(len(octets) + 1) for _ in range(chance.randrange(1, 6)))
        edges = [0, *cuts, cuts[-1], len(octets)]
        await socket.send([octets[a:b] for a, b in zip(edges, edges[1:])], text=isinstance(message, str))
        same(await socket.recv(), message)


def same(came, went):
    require(type(came) is type(went), f"{type(went).__name__} went, {type(came).__name__} came back")
    require(came == went, f"{len(went)} went, {len(came)} came back, or their contents differ")


class Inflater:
    """zlib that holds the other side to its window: it looks beyond it only in what one call wrote, so calls are small."""

    STEP = 64

    def __init__(self, wbits):
        self.zlib = zlib.decompressobj(wbits=wbits)
        self.unconsumed_tail = b""

    def decompress(self, data, max_length=0):
        whole = []
        for start in range(0, len(data), self.STEP):
            part = data[start : start + self.STEP]
            while part:
                whole.append(self.zlib.decompress(part, self.STEP))
                part = self.zlib.unconsumed_tail
        while rest := self.zlib.decompress(b"", self.STEP):
            whole.append(rest)
        return b"".join(whole)


def progress(line):
    if sys.stdout.isatty():
        print(f"\r{line}\x1b[K", end="", flush=True)


main()
