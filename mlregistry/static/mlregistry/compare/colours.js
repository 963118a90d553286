// A colour for each run: those of the page first, then ones that are as far from each other as can be.

export function ofRun(index, look) {
  if (index < look.series.length) return look.series[index];
  const hue = (index * 137.508) % 360;
  const isDark = luminance(look.surface) < 0.5;
  const turn = Math.floor(index / look.series.length) % 3;
  return `hsl(${hue.toFixed(1)}, ${[70, 50, 85][turn]}%, ${isDark ? [70, 60, 78][turn] : [38, 46, 30][turn]}%)`;
}

function luminance(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

// From little to much; each end can be seen on the page's ground.
const ramp = (look) =>
  luminance(look.surface) < 0.5
    ? ["#3b4a9c", "#3f7fd0", "#43b5c8", "#8fd9a0", "#fdf0a0"]
    : ["#a9d3ee", "#54a6d8", "#2f6fc4", "#4b3aa6", "#3b0f5c"];

export const scale = (look, dimension, extent, options = {}) => ({
  type: "continuous",
  min: extent[0],
  max: extent[1] > extent[0] ? extent[1] : extent[0] + 1,
  calculable: true,
  orient: "vertical",
  right: 4,
  top: "middle",
  itemHeight: 180,
  dimension,
  precision: 4,
  inRange: { color: ramp(look) },
  textStyle: { color: look.muted },
  ...options,
});
