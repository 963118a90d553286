// How numbers, times and names are written, in the page and on canvases.

export function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const parts = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = parts.findIndex(([size]) => seconds >= size);
  const [size, unit] = parts[first];
  const [smaller, smallerUnit] = parts[Math.min(first + 1, 3)];
  const rest = Math.floor((seconds % size) / smaller);
  return `${Math.floor(seconds / size)} ${unit}${first < 3 && rest ? ` ${rest} ${smallerUnit}` : ""}`;
}

export function time(milliseconds) {
  const at = new Date(milliseconds);
  return Number.isNaN(at.getTime()) ? String(milliseconds) : at.toISOString().slice(0, 16).replace("T", " ");
}

export function bytes(count) {
  if (count === null || count === undefined) return "";
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${power ? (count / 1024 ** power).toFixed(1) : count} ${units[power]}`;
}

export const inUnit = (value, unit) => (unit === "time" ? time(value) : unit === "duration" ? duration(value) : number(value));

// A name on a canvas: short, on one line, isolated from the direction of what stands beside it, and no markup.
export function onCanvas(text, longest = 40) {
  const plain = String(text)
    .replace(/[\s{}|]+/g, " ")
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
  return `\u2068${plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain}\u2069`;
}

export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const user = (text) => node("bdi", {}, text);
