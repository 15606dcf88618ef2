// Numbers and moments as people read them.

const PLAIN = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const SHORT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${WHOLE.format(count)} ${count === 1 ? one : many}`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  let [value, unit] = [bytes, 0];
  while (Math.abs(value) >= 1024 && unit < BYTES.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${SHORT.format(value)}\u00a0${BYTES[unit]}`;
}

/** A number with the unit that its field's name ends with. @param {number} value @param {string} field */
export function measured(value, field) {
  if (/(^|_)bytes$/.test(field)) return bytesText(value);
  if (/(^|_)bytes_per_second$/.test(field)) return `${bytesText(value)}/s`;
  if (/(^|_)percent$/.test(field)) return `${SHORT.format(value)}\u00a0%`;
  return PLAIN.format(value);
}

/** @param {number} perSecond */
export function rateText(perSecond) {
  return `${perSecond < 100 ? SHORT.format(perSecond) : WHOLE.format(perSecond)}/s`;
}

/** The time of day, or the day if it was another. @param {Date} moment */
export function clockText(moment) {
  if (Number.isNaN(moment.getTime())) return "";
  return (moment.toDateString() === new Date().toDateString() ? CLOCK : DAY).format(moment);
}

/** @param {Date} moment */
export function fullText(moment) {
  return Number.isNaN(moment.getTime()) ? "" : FULL.format(moment);
}

/** @param {number} milliseconds */
export function spanText(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return counted(seconds, "second");
  if (seconds < 7200) return counted(Math.round(seconds / 60), "minute");
  if (seconds < 172800) return counted(Math.round(seconds / 3600), "hour");
  return counted(Math.round(seconds / 86400), "day");
}
