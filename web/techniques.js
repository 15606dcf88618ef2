// The ways to push to a page, each as small as it gets. What a browser does not do by itself after a cut is done as the
// documents say: ask again after the last cursor.

/**
 * @typedef {object} Place What a technique is given.
 * @property {string} path of the channel
 * @property {string} after the cursor of what was heard, "" at first
 * @property {(text: string, bytes: number) => void} told an envelope came, as JSON, and took so many bytes on the wire
 * @property {(bytes: number) => void} spent bytes that told nothing
 * @property {() => void} lost the connection has ended, or an answer was not there
 * @property {HTMLElement} show where something can be shown
 */
/**
 * @typedef {object} Technique
 * @property {string} name
 * @property {string} year
 * @property {string} about
 * @property {boolean} holds whether it keeps one of the browser's connections to a host
 * @property {boolean} [off] whether somebody has to switch it on
 * @property {(place: Place) => () => void} open begins; answers what ends it
 */

const AGAIN = 1000;
/** Signs of life come twice as often. */
const SILENCE = 60_000;
/** What is around a message in a script. */
const SCRIPT = 29;
/** What a chunk of a response costs beside its bytes, nearly. */
const CHUNK = 8;
const length = (/** @type {string} */ text) => new TextEncoder().encode(text).length;

/** Runs again and again until it is ended, with a pause after what went wrong. @param {(ends: AbortSignal) => Promise<void>} run @param {() => void} lost */
function again(run, lost) {
  const control = new AbortController();
  const go = () => {
    if (control.signal.aborted) return;
    run(control.signal).then(go, () => {
      if (control.signal.aborted) return;
      lost();
      setTimeout(go, AGAIN);
    });
  };
  go();
  return () => control.abort();
}

/** Bytes that the last request of an address took, heads included. @param {string} address */
function transferred(address) {
  const entries = performance.getEntriesByName(new URL(address, location.href).href);
  const last = entries[entries.length - 1];
  return last instanceof PerformanceResourceTiming ? last.transferSize : 0;
}

/** @param {Place} place @param {string} parameters */
const address = (place, parameters) => `${place.path}?${parameters}${place.after ? `&after=${place.after}` : ""}`;

/** Hands a page's messages on. @param {Place} place @param {any} page @param {number} bytes */
function page(place, page, bytes) {
  const messages = page.messages.map((/** @type {unknown} */ message) => JSON.stringify(message));
  for (const text of messages) place.told(text, Math.round(bytes / messages.length));
  if (!messages.length) place.spent(bytes);
  place.after = page.cursor;
}

/** @type {Technique} */
const websocket = {
  name: "WebSocket",
  year: "2011",
  about: "Both ways over one connection, a few bytes around each message.",
  holds: false,
  open: (place) =>
    again(
      (ends) =>
        new Promise((_, reject) => {
          const socket = new WebSocket(`${location.origin.replace("http", "ws")}${address(place, "via=ws")}`);
          socket.onmessage = ({ data }) => place.told(data, length(data) + (data.length < 126 ? 2 : 4));
          socket.onclose = reject;
          ends.onabort = () => socket.close();
        }),
      place.lost,
    ),
};

/** @type {Technique} */
const events = {
  name: "Server-Sent Events",
  year: "2009",
  about: "A response that goes on; the browser comes back by itself, from where it was.",
  holds: true,
  open: (place) => {
    const source = new EventSource(address(place, "via=sse&as=envelope"));
    source.onmessage = ({ data, lastEventId }) => place.told(data, length(`id: ${lastEventId}\ndata: ${data}\n\n`) + CHUNK);
    source.onerror = place.lost;
    return () => source.close();
  },
};

/** @type {Technique} */
const lines = {
  name: "Streaming fetch",
  year: "2015",
  about: "A held-open response of JSON lines, read as it comes.",
  holds: true,
  open: (place) =>
    again(async (signal) => {
      const response = await fetch(address(place, "via=ndjson"), { signal });
      if (!response.body) throw new Error("no body");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) throw new Error("it has ended");
        const found = (rest + value).split("\n");
        rest = found.pop() ?? "";
        for (const line of found) place.told(line, length(line) + 1 + CHUNK);
      }
    }, place.lost),
};

/** @type {Technique} */
const request = {
  name: "Streaming XMLHttpRequest",
  year: "2004",
  about: "What came before fetch: the text so far grows, and is looked at again.",
  holds: true,
  off: true,
  open: (place) =>
    again(
      (ends) =>
        new Promise((_, reject) => {
          const asks = new XMLHttpRequest();
          let read = 0;
          asks.open("GET", address(place, "via=ndjson"));
          asks.onprogress = () => {
            for (let end; (end = asks.responseText.indexOf("\n", read)) >= 0; read = end + 1) {
              const line = asks.responseText.slice(read, end);
              place.told(line, length(line) + 1 + CHUNK);
            }
          };
          asks.onloadend = reject;
          ends.onabort = () => asks.abort();
          asks.send();
        }),
      place.lost,
    ),
};

/** @type {Technique} */
const poll = {
  name: "Long poll",
  year: "2000",
  about: "Asked, held until there is something, answered, asked again.",
  holds: true,
  open: (place) =>
    again(async (signal) => {
      const asked = address(place, "wait=25");
      const response = await fetch(asked, { signal });
      const text = response.status === 204 ? null : await response.json();
      const bytes = transferred(asked);
      if (text) page(place, text, bytes);
      else place.spent(bytes);
      place.after = response.headers.get("Cursor") ?? place.after;
    }, place.lost),
};

/** @type {Technique} */
const polling = {
  name: "Polling with ETag",
  year: "1996",
  about: "Asked every two seconds; what is known already costs a head alone.",
  holds: false,
  open: (place) => {
    let tag = "";
    return again(async (signal) => {
      const asked = address(place, "limit=20");
      const headers = tag ? { "If-None-Match": tag } : undefined;
      const response = await fetch(asked, { signal, headers, cache: "no-store" });
      const found = response.status === 304 ? null : await response.json();
      const bytes = transferred(asked);
      if (found?.messages.length) {
        page(place, found, bytes);
        tag = "";
      } else {
        tag = response.headers.get("ETag") ?? tag;
        place.spent(bytes);
      }
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }, place.lost);
  },
};

let pushlets = 0;

/** @type {Technique} */
const pushlet = {
  name: "Pushlet",
  year: "2000",
  about: "A page in a frame that never finishes loading: one script for each message.",
  holds: true,
  open: (place) => {
    const name = `onpush${(pushlets += 1)}`;
    const frame = document.createElement("iframe");
    const tell = (/** @type {any} */ said) => {
      const text = JSON.stringify(said);
      place.told(text, length(text) + SCRIPT);
    };
    Object.assign(window, { [name]: tell });
    frame.title = "A pushlet";
    frame.src = address(place, `via=pushlet&callback=parent.${name}`);
    frame.onload = place.lost;
    place.show.append(frame);
    return () => {
      frame.onload = null;
      frame.remove();
      Reflect.deleteProperty(window, name);
    };
  },
};

let calls = 0;

/** @type {Technique} */
const jsonp = {
  name: "JSONP",
  year: "2005",
  about: "A long poll by script elements, for where nothing else crossed from host to host.",
  holds: true,
  off: true,
  open: (place) =>
    again(
      (ends) =>
        new Promise((resolve, reject) => {
          const [name, script] = [`onpage${(calls += 1)}`, document.createElement("script")];
          const over = (/** @type {() => void} */ end) => {
            script.remove();
            Reflect.deleteProperty(window, name);
            end();
          };
          Object.assign(window, { [name]: (/** @type {any} */ found) => page(place, found, transferred(script.src)) });
          script.src = address(place, `via=jsonp&callback=${name}&wait=25`);
          script.onload = () => over(() => resolve());
          script.onerror = ends.onabort = () => over(() => reject());
          document.head.append(script);
        }),
      place.lost,
    ),
};

/** @type {Technique} */
const feed = {
  name: "Feed",
  year: "1999",
  about: "An Atom feed, fetched every five seconds, as its readers do more seldom.",
  holds: false,
  open: (place) => {
    let [tag, newest, first] = ["", "", true];
    return again(async (signal) => {
      const asked = `${place.path}?via=atom&limit=5`;
      const headers = tag ? { "If-None-Match": tag } : undefined;
      const response = await fetch(asked, { signal, headers, cache: "no-store" });
      const text = response.status === 304 ? "" : await response.text();
      const bytes = transferred(asked);
      const entry = new DOMParser().parseFromString(text || "<feed/>", "application/xml").querySelector("entry");
      const id = entry?.querySelector("id")?.textContent ?? "";
      tag = response.headers.get("ETag") ?? tag;
      if (id && id !== newest && !first) {
        const said = entry?.querySelector("content")?.textContent ?? "";
        place.told(JSON.stringify({ channel: "feed", body: read(said) }), bytes);
      } else {
        place.spent(bytes);
      }
      [newest, first] = [id || newest, false];
      await new Promise((resolve) => setTimeout(resolve, 5000));
    }, place.lost);
  },
};

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @type {Technique} */
const image = {
  name: "Mixed replace",
  year: "1995",
  about: "An <img> whose picture is replaced as a new one is published: switch the camera on.",
  holds: true,
  open: (place) => {
    const picture = document.createElement("img");
    picture.alt = "What the camera shows";
    const load = () => (picture.src = `${place.path}/camera?via=replace`);
    // No event says that the response has ended. In Chromium nothing is left of the image; in Firefox it stays, but each one
    // fires, and the newest comes again as a sign of life.
    let [seen, loads, heard] = [false, 0, performance.now()];
    picture.onload = () => ([seen, loads, heard] = [true, loads + 1, performance.now()]);
    const look = setInterval(() => {
      const gone = seen && (picture.naturalWidth === 0 || (loads > 1 && performance.now() - heard > SILENCE));
      if (!gone) return;
      [seen, loads] = [false, 0];
      place.lost();
      picture.removeAttribute("src");
      load();
    }, AGAIN);
    load();
    place.show.replaceChildren(picture);
    return () => {
      clearInterval(look);
      picture.onload = null;
      picture.removeAttribute("src");
      picture.remove();
    };
  },
};

export const TECHNIQUES = [websocket, events, lines, poll, pushlet, image, polling, feed, jsonp, request];
