// What a page's address says: which channel or pattern it hears, and the addresses of others.

const PREFIX = "/c/";

/**
 * The channel or pattern that a path names. An encoded slash is in no name.
 * @param {string} path
 * @returns {string} "" if the path names none
 */
export function channelOf(path) {
  const encoded = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : path.slice(1);
  if (/%2f/i.test(encoded)) return "";
  try {
    return encoded.split("/").map(decodeURIComponent).join("/");
  } catch {
    return "";
  }
}

/** @param {string} channel */
export function isPattern(channel) {
  return channel.split("/").some((segment) => segment === "*" || segment === "**");
}

/** Whether readers may publish there: what begins with `$` is the server's. @param {string} channel */
export function isPublishable(channel) {
  return channel !== "" && !isPattern(channel) && !channel.startsWith("$");
}

/** @param {string} channel */
export function pathOf(channel) {
  return PREFIX + channel.split("/").map(encoded).join("/");
}

/** A part of an address, safe between single quotes in a shell, too. @param {string} text */
export function encoded(text) {
  return encodeURIComponent(text).replace(/'/g, "%27");
}

/**
 * The segments of a name; each but the last with the pattern of everything below it.
 * @param {string} channel
 * @returns {{ segment: string, below: string | null }[]}
 */
export function crumbs(channel) {
  const segments = channel.split("/");
  return segments.map((segment, index) => {
    const below = [...segments.slice(0, index + 1), "**"].join("/");
    return { segment, below: index === segments.length - 1 || below === channel ? null : below };
  });
}
