// Node `ws` against a server that echoes, with every offer of permessage-deflate: `peers.mjs URL`.
//
// The same as peers.py, with another client: each offer is a connection, the answer has to be legal (RFC 7692 section
// 7.1), and messages of many sizes, contents and fragments have to come back as they were. Only offers with a window of
// 8 bits may be declined, for zlib cannot do that; then the echo goes on without compression.

import { createRequire } from 'node:module';
import { once } from 'node:events';

const WebSocket = createRequire(new URL('../../target/interop/node/', import.meta.url))('ws');

const FLAGS = [false, true];
const BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const SIZES = [0, 1, 125, 126, 65535, 65536];
const LARGE = 1 << 20;
const SECONDS_MAX = 60;
// Without this, `ws` sends short messages as they are.
const COMPRESS_FROM = 0;

async function main() {
    const offers = FLAGS.flatMap((serverForgets) =>
        FLAGS.flatMap((clientForgets) =>
            [undefined, ...BITS].flatMap((serverBits) =>
                [undefined, true, ...BITS].map((clientBits) => ({ serverForgets, clientForgets, serverBits, clientBits })),
            ),
        ),
    );
    const counts = { compressed: 0, declined: 0, failed: 0 };
    for (const [index, offer] of offers.entries()) {
        progress(`${index + 1} of ${offers.length} offers`);
        try {
            counts[(await converse(process.argv[2], offer)) ? 'compressed' : 'declined'] += 1;
        } catch (error) {
            counts.failed += 1;
            console.log(`\n${header(offer)}: ${error.message}`);
        }
    }
    const { compressed, declined, failed } = counts;
    console.log(`\nws: ${offers.length} offers: ${compressed} compressed, ${declined} declined, ${failed} FAILED`);
    process.exit(failed ? 1 : 0);
}

/** Whether the connection was compressed. */
async function converse(url, offer) {
    const chance = random(header(offer));
    let offered;
    let answer;
    const socket = new WebSocket(url, {
        maxPayload: 0,
        perMessageDeflate: {
            serverNoContextTakeover: offer.serverForgets,
            clientNoContextTakeover: offer.clientForgets ? true : undefined,
            serverMaxWindowBits: offer.serverBits,
            clientMaxWindowBits: offer.clientBits ?? false,
            threshold: COMPRESS_FROM,
        },
        finishRequest: (request) => {
            offered = request.getHeader('sec-websocket-extensions');
            request.end();
        },
    });
    socket.on('upgrade', (response) => (answer = response.headers['sec-websocket-extensions']));
    const closed = new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('close', (code, reason) => (code === 1000 ? resolve() : reject(new Error(`closed: ${code} ${reason}`))));
    });
    const early = closed.then(() => expect(false, 'the server closed the connection'));
    const late = setTimeout(() => socket.terminate(), SECONDS_MAX * 1000);
    try {
        await Promise.race([early, once(socket, 'open')]);
        expect(offered === header(offer), `this was offered instead: ${offered}`);
        check(answer, offer);
        await Promise.race([early, talk(socket, chance)]);
        socket.close(1000);
        await closed;
        return answer !== undefined;
    } finally {
        clearTimeout(late);
        early.catch(() => {});
        socket.terminate();
    }
}

async function talk(socket, chance) {
    const waiting = [];
    const come = [];
    socket.on('message', (data, isBinary) => {
        const message = { data, isBinary };
        waiting.length ? waiting.shift()(message) : come.push(message);
    });
    const next = () => (come.length ? come.shift() : new Promise((resolve) => waiting.push(resolve)));

    for (const message of messages(chance)) {
        socket.send(message.data, { binary: message.isBinary });
        same(await next(), message);
        if (message.data.length > 0 && message.data.length < LARGE) {
            fragments(socket, chance, message);
            same(await next(), message);
        }
    }
    const many = Array.from({ length: 100 }, () => ({ data: Buffer.from('many '.repeat(chance(50))), isBinary: false }));
    many.forEach((message) => socket.send(message.data, { binary: false }));
    for (const message of many) same(await next(), message);
}

/** Cut anywhere, also within a character, and with an empty fragment. */
function fragments(socket, chance, { data, isBinary }) {
    const cuts = Array.from({ length: 1 + chance(5) }, () => chance(data.length + 1)).sort((a, b) => a - b);
    const edges = [0, ...cuts, cuts.at(-1), data.length];
    for (let index = 1; index < edges.length; index += 1) {
        const fin = index === edges.length - 1;
        socket.send(data.subarray(edges[index - 1], edges[index]), { binary: isBinary, fin });
    }
}

function* messages(chance) {
    for (const size of SIZES) {
        for (const isBinary of FLAGS) {
            const letters = isBinary ? binary : written;
            yield { data: letters(chance, size), isBinary };
            yield { data: repeated('a little song, sung again and again; ', size), isBinary };
            yield { data: repeated('a', size), isBinary };
        }
    }
    yield { data: repeated('a little song, sung again and again; ', LARGE), isBinary: false };
    yield { data: binary(chance, LARGE), isBinary: true };
}

function binary(chance, size) {
    const data = Buffer.alloc(size);
    for (let index = 0; index < size; index += 1) data[index] = chance(256);
    return data;
}

/** A text of this many bytes, of characters of one to four bytes. */
function written(chance, size) {
    const letters = ['a', 'z', ' ', 'ä', '€', '𝄞'];
    const data = Buffer.alloc(size, '.');
    let end = 0;
    while (end + 4 <= size) end += data.write(letters[chance(letters.length)], end);
    return data;
}

function repeated(words, size) {
    return Buffer.alloc(size, words);
}

function header({ serverForgets, clientForgets, serverBits, clientBits }) {
    const parts = ['permessage-deflate'];
    if (serverForgets) parts.push('server_no_context_takeover');
    if (clientForgets) parts.push('client_no_context_takeover');
    if (serverBits) parts.push(`server_max_window_bits=${serverBits}`);
    if (clientBits) parts.push(clientBits === true ? 'client_max_window_bits' : `client_max_window_bits=${clientBits}`);
    return parts.join('; ');
}

/** Throws when the answer is not one that this offer allows. */
function check(answer, { serverForgets, serverBits, clientBits }) {
    if (answer === undefined) {
        expect(serverBits === 8 || clientBits === 8, 'the offer was declined without need');
        return;
    }
    const [name, ...parts] = answer.split(';').map((part) => part.trim());
    expect(name === 'permessage-deflate', `another extension was answered: ${answer}`);
    const params = new Map(parts.map((part) => [part.split('=')[0], part.split('=')[1]]));
    expect(params.size === parts.length, `a parameter is there twice: ${answer}`);
    for (const [key, value] of params) {
        const windows = /^(server|client)_max_window_bits$/.test(key);
        expect(windows || /^(server|client)_no_context_takeover$/.test(key), `${key} does not exist: ${answer}`);
        expect(windows ? /^([89]|1[0-5])$/.test(value) : value === undefined, `${key} has no legal value: ${answer}`);
    }
    const server = Number(params.get('server_max_window_bits') ?? 15);
    const client = params.get('client_max_window_bits');
    expect(!serverForgets || params.has('server_no_context_takeover'), `server_no_context_takeover is missing: ${answer}`);
    expect(!serverBits || server <= serverBits, `the server's window is too large: ${answer}`);
    expect(client === undefined || clientBits, `client_max_window_bits was not offered: ${answer}`);
    expect(!(clientBits > 1) || Number(client ?? 8) <= clientBits, `the client's window is too large: ${answer}`);
}

function same(came, went) {
    const kinds = [went, came].map(({ isBinary }) => (isBinary ? 'binary' : 'text'));
    expect(kinds[0] === kinds[1], `${kinds[0]} went, ${kinds[1]} came back`);
    expect(came.data.equals(went.data), `${went.data.length} bytes went, ${came.data.length} came back or others`);
}

function expect(truth, message) {
    if (!truth) throw new Error(message);
}

/** The same numbers for the same seed, so that what failed fails again (mulberry32). */
function random(seed) {
    let state = [...seed].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
    return (below) => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
}

function progress(line) {
    if (process.stdout.isTTY) process.stdout.write(`\r${line}\x1b[K`);
}

await main();
