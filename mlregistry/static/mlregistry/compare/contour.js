// A metric over two params: a surface interpolated between the runs, its lines of equal height, and the runs themselves.
import { above, axisOf, chartOf, chosen, note, told } from "./charts.js";
import { scale } from "./colours.js";
import { extent, finite, isLog } from "./dimensions.js";
import { interpolated, level } from "./field.js";
import { get } from "./state.js";
import { number, onCanvas } from "./words.js";

const GRID = 64;
const LEVELS = 9;
const FEWEST = 3;

export function setUpContour(part, data) {
  return chartOf(part, (look) => option(part, data, look));
}

// To between 0 and 1 and back, in magnitudes where the axis is.
function stretched(dimension, scaleName, runs) {
  const isInMagnitudes = isLog(get(scaleName), dimension);
  const into = isInMagnitudes ? Math.log10 : (value) => value;
  const outOf = isInMagnitudes ? (value) => 10 ** value : (value) => value;
  const [low, high] = extent(runs.map((run) => into(dimension.at(run))));
  const width = high - low || 1;
  return {
    to: (value) => (into(value) - low) / width,
    from: (share) => outOf(low + share * width),
    ends: [outOf(low), outOf(high === low ? low + 1 : high)],
  };
}

function option(part, data, look) {
  const [x, y, z] = ["cx", "cy", "cz"].map((name) => chosen(data, name));
  const runs = x && y && z ? data.runs.map((_, run) => run).filter((run) => [x, y, z].every((one) => finite(one.at(run)))) : [];
  if (runs.length < FEWEST) {
    note(part, `A surface takes ${FEWEST} runs with numbers on both axes and in the metric; there are ${runs.length}.`);
    return { series: [] };
  }
  const [across, up] = [stretched(x, "cxscale", runs), stretched(y, "cyscale", runs)];
  const points = runs.map((run) => [across.to(x.at(run)), up.to(y.at(run)), z.at(run)]);
  const field = interpolated(points, GRID);
  const heights = extent(points.map(([, , height]) => height));
  const left = data.runs.length - runs.length;
  note(
    part,
    `Colours between the points are interpolated from the ${runs.length} runs, by inverse distance. ${left ? `${left} runs lack a value and are not shown.` : ""}`,
  );
  return {
    grid: { left: 16, right: 124, top: 40, bottom: 28, containLabel: true },
    legend: { right: 8, left: "40%", data: ["interpolated", "runs"], itemStyle: { color: look.accent } },
    xAxis: axisOf(x, "cxscale", look, { min: across.ends[0], max: across.ends[1], splitLine: { show: false } }),
    yAxis: axisOf(y, "cyscale", look, { ...above(look), min: up.ends[0], max: up.ends[1], splitLine: { show: false } }),
    tooltip: {
      trigger: "item",
      formatter: ({ seriesName, value }) =>
        seriesName === "runs"
          ? [onCanvas(data.runs[value[3]].name), ...[x, y, z].map((one) => told(one, value[3]))].join("\n")
          : `interpolated ${onCanvas(z.key)}: ${number(Number(value[2].toPrecision(4)))}`,
    },
    visualMap: scale(look, 2, heights, { seriesIndex: [0, 2], text: [onCanvas(z.key, 14), ""] }),
    series: [surface(field, across, up), lines(field, heights, across, up, look), dots(runs, [x, y, z], look)],
  };
}

function surface(field, across, up) {
  const half = 0.5 / (GRID - 1);
  const cells = field.flatMap((row, top) =>
    [...row].map((height, left) => [
      across.from(left / (GRID - 1)),
      up.from(top / (GRID - 1)),
      height,
      left / (GRID - 1),
      top / (GRID - 1),
    ]),
  );
  return {
    type: "custom",
    name: "interpolated",
    data: cells,
    clip: true,
    encode: { x: 0, y: 1 },
    progressive: 0,
    emphasis: { disabled: true },
    renderItem: (parameters, api) => {
      const [column, row] = [api.value(3), api.value(4)];
      const [x, y] = api.coord([across.from(Math.max(0, column - half)), up.from(Math.min(1, row + half))]);
      const [right, bottom] = api.coord([across.from(Math.min(1, column + half)), up.from(Math.max(0, row - half))]);
      return {
        type: "rect",
        shape: {
          x: Math.floor(x),
          y: Math.floor(y),
          width: Math.ceil(right) - Math.floor(x),
          height: Math.ceil(bottom) - Math.floor(y),
        },
        style: { fill: api.visual("color") },
      };
    },
  };
}

function lines(field, [low, high], across, up, look) {
  const heights = Array.from({ length: LEVELS }, (_, nth) => low + ((nth + 1) * (high - low)) / (LEVELS + 1));
  const data = heights
    .flatMap((height) => level(field, height))
    .map((piece) => piece.flatMap(([x, y]) => [across.from(x), up.from(y)]));
  return {
    type: "custom",
    name: "lines",
    data,
    silent: true,
    clip: true,
    tooltip: { show: false },
    encode: { x: [0, 2], y: [1, 3] },
    progressive: 0,
    renderItem: (parameters, api) => {
      const [x1, y1] = api.coord([api.value(0), api.value(1)]);
      const [x2, y2] = api.coord([api.value(2), api.value(3)]);
      return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: look.surface, lineWidth: 1, opacity: 0.55 } };
    },
  };
}

function dots(runs, dimensions, look) {
  const data = runs.map((run) => [...dimensions.map((one) => one.at(run)), run]);
  return {
    type: "scatter",
    name: "runs",
    data,
    symbolSize: 11,
    z: 5,
    itemStyle: { borderColor: look.surface, borderWidth: 1.5, opacity: 1 },
  };
}
