// Two things of each run against each other, coloured by the run or by a third.
import { above, axisOf, chartOf, chosen, missing, note, open, placeOn, textsOf, told } from "./charts.js";
import { ofRun, scale } from "./colours.js";
import { extent, finite } from "./dimensions.js";
import { onCanvas } from "./words.js";

const NAMED = 12;

export function setUpScatter(part, data) {
  const chart = chartOf(part, (look) => option(part, data, look));
  return {
    draw: async () => {
      const drawn = await chart.draw();
      drawn.off("click");
      drawn.on("click", ({ value }) => Array.isArray(value) && open(data, data.runs[value[2]].id));
    },
  };
}

function option(part, data, look) {
  const [x, y, colour] = ["x", "y", "colour"].map((name) => chosen(data, name));
  if (!x || !y) return nothing(part);
  const [columns, lines] = [x, y].map((one) => (one.isNumeric ? [] : textsOf(one)));
  const points = data.runs.map((_, run) => [
    placeOn(x, run, columns),
    placeOn(y, run, lines),
    run,
    colour?.isNumeric ? colour.at(run) : 0,
  ]);
  const placed = points.filter(([left, top]) => left !== null && top !== null);
  note(part, missing(points.length - placed.length));
  const isScaled = colour?.isNumeric && placed.some((point) => finite(point[3]));
  return {
    grid: { left: 16, right: isScaled ? 112 : 24, top: 40, bottom: 28, containLabel: true },
    xAxis: axisOf(x, "xscale", look),
    yAxis: axisOf(y, "yscale", look, above(look)),
    tooltip: {
      trigger: "item",
      formatter: ({ value }) =>
        [onCanvas(data.runs[value[2]].name), told(x, value[2]), told(y, value[2]), colour && told(colour, value[2])]
          .filter(Boolean)
          .join("\n"),
    },
    ...(isScaled
      ? {
          visualMap: scale(look, 3, extent(placed.map((point) => point[3])), {
            text: [onCanvas(colour.key, 14), ""],
            seriesIndex: 0,
          }),
        }
      : {}),
    ...series(data, look, placed, colour, isScaled),
  };
}

function series(data, look, placed, colour, isScaled) {
  const dots = { type: "scatter", symbolSize: placed.length > 60 ? 9 : 12, itemStyle: { opacity: 0.85 }, cursor: "pointer" };
  const label = {
    show: placed.length <= NAMED,
    position: "top",
    color: look.muted,
    formatter: ({ value }) => onCanvas(data.runs[value[2]].name, 18),
  };
  if (isScaled)
    return {
      series: [
        {
          ...dots,
          data: placed.map((value) => ({ value, ...(finite(value[3]) ? {} : { itemStyle: { color: look.muted } }) })),
          label,
        },
      ],
    };
  if (!colour)
    return {
      series: [{ ...dots, label, data: placed.map((value) => ({ value, itemStyle: { color: ofRun(value[2], look) } })) }],
    };
  const texts = textsOf(colour);
  const groups = [...texts, null].map((text, place) => ({
    ...dots,
    name: text === null ? "not logged" : onCanvas(text),
    color: text === null ? look.muted : ofRun(place, look),
    data: placed.filter(([, , run]) => colour.at(run) === text),
  }));
  return { legend: { right: 8, left: "40%" }, series: groups.filter((group) => group.data.length) };
}

function nothing(part) {
  note(part, "These runs have no numbers to draw.");
  return { series: [] };
}
