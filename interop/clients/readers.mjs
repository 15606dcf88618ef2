// Readers that others wrote: `readers.mjs ws|eventsource URL`. Each body on a line of standard output, for ever.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../target/interop/clients/node/', import.meta.url));
const [, , name, url] = process.argv;

const READERS = {
    // Whoever is cut comes back with the last cursor, as docs/wire.md says.
    ws() {
        const WebSocket = require('ws');
        let cursor;
        const open = () => {
            const query = cursor ? `?after=${cursor}` : '?last=1000';
            const socket = new WebSocket(url.replace('http://', 'ws://') + query);
            socket.on('message', (text) => {
                const event = JSON.parse(text);
                if ('body' in event) console.log(event.body);
                cursor = event.cursor ?? cursor;
            });
            socket.on('error', () => {});
            socket.on('close', () => setTimeout(open, 200));
        };
        open();
    },
    // This one comes back by itself.
    eventsource() {
        const { EventSource } = require('eventsource');
        const source = new EventSource(`${url}?last=1000`);
        source.onmessage = (event) => console.log(event.data);
        source.onerror = () => {};
    },
};

READERS[name]();
