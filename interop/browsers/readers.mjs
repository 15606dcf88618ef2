// Readers that run inside a page: each puts the bodies it hears into `window.heard`. What the platform does not do by itself
// after a cut is done as docs/wire.md says: ask again after the last cursor.

/** Bodies of what JSON lines and WebSockets bring; the cursor is kept. */
function install() {
  window.heard = [];
  window.take = (item) => {
    window.cursor = item.cursor ?? window.cursor;
    if ("body" in item) window.heard.push(item.body);
  };
  window.after = () => (window.cursor ? `&after=${window.cursor}` : "&last=1");
  window.again = (read) => read().catch(() => {}).then(() => setTimeout(() => window.again(read), 200));
}

export const READERS = {
  EventSource: (path) => {
    const source = new EventSource(`${path}?last=1`);
    source.onmessage = ({ data }) => window.heard.push(data);
  },
  WebSocket: (path) => {
    window.again(
      () =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${location.origin.replace("http", "ws")}${path}?via=ws${window.after()}`);
          socket.onmessage = ({ data }) => window.take(JSON.parse(data));
          socket.onclose = resolve;
        }),
    );
  },
  "fetch streaming": (path) => {
    window.again(async () => {
      const response = await fetch(`${path}?via=ndjson${window.after()}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) window.take(JSON.parse(line));
      }
    });
  },
  "XHR streaming": (path) => {
    window.again(
      () =>
        new Promise((resolve) => {
          const request = new XMLHttpRequest();
          let read = 0;
          request.open("GET", `${path}?via=ndjson${window.after()}`);
          request.onprogress = () => {
            for (let end; (end = request.responseText.indexOf("\n", read)) >= 0; read = end + 1) {
              window.take(JSON.parse(request.responseText.slice(read, end)));
            }
          };
          request.onloadend = resolve;
          request.send();
        }),
    );
  },
  // The page in the frame comes back by itself.
  pushlet: (path) => {
    window.onpush = (item) => window.take(item);
    const frame = document.createElement("iframe");
    frame.src = `${path}?via=pushlet&callback=parent.onpush&last=1`;
    document.body.append(frame);
  },
  JSONP: (path) => {
    window.onpage = (page) => {
      for (const message of page.messages) window.take(message);
      window.cursor = page.cursor;
    };
    window.again(
      () =>
        new Promise((resolve) => {
          const script = document.createElement("script");
          script.src = `${path}?via=jsonp&callback=onpage&wait=20${window.after()}`;
          script.onload = script.onerror = () => {
            script.remove();
            resolve();
          };
          document.body.append(script);
        }),
    );
  },
  "module over WebSocket": (path) => window.subscribe(path, "websocket"),
  "module over event stream": (path) => window.subscribe(path, "event-stream"),
  "module over long poll": (path) => window.subscribe(path, "long-poll"),
};

/** Makes a page ready for readers: any page of the server's origin will do. */
export async function prepare(page, origin) {
  await page.goto(`${origin}/healthz`);
  await page.evaluate(install);
  await page.evaluate(() => {
    window.subscribe = async (path, transport) => {
      const { Fanfare } = await import("/web/fanfare.js");
      const fanfare = new Fanfare(null, { transports: [transport], retry: { least: 100, most: 500 } });
      const subscription = fanfare.subscribe(path.replace("/c/", ""), { last: 1 });
      subscription.addEventListener("message", ({ detail }) => window.heard.push(detail.body));
      subscription.addEventListener("gap", ({ detail }) => window.heard.push(`gap ${JSON.stringify(detail)}`));
    };
  });
}
