// What the charts of this page share.
import { drawn } from "../chart.js";
import { finite, isLog } from "./dimensions.js";
import { get, shown } from "./state.js";
import { inUnit, onCanvas } from "./words.js";

// Draws in the part's chart at first, and anew after that.
export function chartOf(part, make) {
  let chart;
  return {
    draw: async () => {
      if (chart) (await chart).redraw();
      else chart = drawn(part.querySelector(".chart"), make);
      return chart;
    },
  };
}

// The dimension that a control names: what the reader chose, or what the page began with.
export const chosen = (data, name) => data.byId.get(shown(name));

export const open = (data, run) => window.open(`${data.addresses.run}${run}/`, "_blank", "noopener");

// An axis for a dimension: its numbers, in magnitudes where they spread so, or its texts side by side.
export function axisOf(dimension, scaleName, look, options = {}) {
  const common = { name: onCanvas(dimension.key), nameLocation: "middle", nameGap: 30, ...options };
  if (!dimension.isNumeric) {
    return { ...common, type: "category", data: textsOf(dimension).map((text) => onCanvas(text, 18)), axisLabel: labels(look) };
  }
  const type = isLog(get(scaleName), dimension) ? "log" : "value";
  return { ...common, type, scale: true, axisLabel: labels(look, (value) => inUnit(value, dimension.unit)) };
}

export const labels = (look, formatter) => ({ color: look.muted, hideOverlap: true, ...(formatter ? { formatter } : {}) });

// The name of an upright axis stands above it, where it is read without turning the head.
export const above = (look) => ({ nameLocation: "end", nameGap: 12, nameTextStyle: { align: "left", color: look.ink } });

export const textsOf = (dimension) =>
  [...new Set(dimension.values.filter((value) => value !== null))].sort((one, other) =>
    one.localeCompare(other, undefined, { numeric: true }),
  );

// Where a run lies on an axis; null where it has no place there.
export function placeOn(dimension, run, texts) {
  const value = dimension.at(run);
  if (dimension.isNumeric) return finite(value) ? value : null;
  return value === null ? null : texts.indexOf(value);
}

export function told(dimension, run) {
  const value = dimension.at(run);
  const words = value === null ? "–" : typeof value === "number" ? inUnit(value, dimension.unit) : onCanvas(value);
  return `${onCanvas(dimension.key)}: ${words}`;
}

export const note = (part, words) => (part.querySelector(".note").textContent = words);

export function missing(count) {
  if (count === 0) return "";
  return count === 1 ? "1 run is not shown: it lacks a value." : `${count} runs are not shown: they lack a value.`;
}
