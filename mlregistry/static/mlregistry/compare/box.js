// How a metric spreads in each group of runs that share a param.
import { above, chartOf, chosen, labels, missing, note, textsOf } from "./charts.js";
import { finite } from "./dimensions.js";
import { inUnit, onCanvas } from "./words.js";

const GROUPS = 24;
const BINS = 6;

export function setUpBox(part, data) {
  return chartOf(part, (look) => option(part, data, look));
}

const quantile = (sorted, share) => {
  const place = (sorted.length - 1) * share;
  const [below, above] = [Math.floor(place), Math.ceil(place)];
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
};

// Whiskers reach to the last value within one and a half times the box.
function box(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  const reach = 1.5 * (high - low);
  const inside = sorted.filter((value) => value >= low - reach && value <= high + reach);
  return [inside[0], low, middle, high, inside.at(-1)];
}

// Runs by what they have of `dimension`; numbers of which there are many, by ranges that hold about as many runs each.
function groupsOf(dimension, runs) {
  const present = runs.filter((run) => dimension.at(run) !== null && !Number.isNaN(dimension.at(run)));
  if (!dimension.isNumeric) return textsOf(dimension).map((text) => [text, present.filter((run) => dimension.at(run) === text)]);
  const values = [...new Set(present.map((run) => dimension.at(run)))].sort((one, other) => one - other);
  if (values.length <= 2 * BINS)
    return values.map((value) => [inUnit(value, dimension.unit), present.filter((run) => dimension.at(run) === value)]);
  const sorted = present.map((run) => dimension.at(run)).sort((one, other) => one - other);
  const edges = [...new Set(Array.from({ length: BINS + 1 }, (_, place) => quantile(sorted, place / BINS)))];
  return edges.slice(1).map((edge, place) => {
    const isLast = place === edges.length - 2;
    const held = present.filter(
      (run) => dimension.at(run) >= edges[place] && (isLast ? dimension.at(run) <= edge : dimension.at(run) < edge),
    );
    return [
      `${inUnit(Number(edges[place].toPrecision(3)), dimension.unit)} – ${inUnit(Number(edge.toPrecision(3)), dimension.unit)}`,
      held,
    ];
  });
}

function option(part, data, look) {
  const [metric, by] = ["bmetric", "bgroup"].map((name) => chosen(data, name));
  if (!metric || !by) return { series: [] };
  const runs = data.runs.map((_, run) => run).filter((run) => finite(metric.at(run)));
  const all = groupsOf(by, runs).filter(([, held]) => held.length);
  const groups = all.length > GROUPS ? [...all].sort((one, other) => other[1].length - one[1].length).slice(0, GROUPS) : all;
  const held = groups.reduce((count, [, members]) => count + members.length, 0);
  const cut = all.length > groups.length ? `The ${GROUPS} largest of ${all.length} groups. ` : "";
  note(part, cut + (cut ? "" : missing(data.runs.length - held)));
  const numbers = groups.map(([, members]) => members.map((run) => metric.at(run)));
  // Points lie a little beside each other, always at the same place.
  const points = groups.flatMap(([, members], place) =>
    members.map((run, nth) => [place + ((nth * 0.618) % 1) * 0.3 - 0.15, metric.at(run), run]),
  );
  return {
    grid: { left: 16, right: 24, top: 36, bottom: 32, containLabel: true },
    xAxis: [
      {
        type: "category",
        name: onCanvas(by.key),
        nameLocation: "middle",
        nameGap: 44,
        data: groups.map(([title, members]) => `${onCanvas(title, 20)}\n${members.length} run${members.length === 1 ? "" : "s"}`),
        axisLabel: { ...labels(look), lineHeight: 15, interval: 0, rotate: groups.length > 10 ? 30 : 0 },
      },
      { type: "value", min: -0.5, max: groups.length - 0.5, show: false },
    ],
    yAxis: {
      type: "value",
      scale: true,
      axisLine: { onZero: false },
      name: onCanvas(metric.key),
      ...above(look),
      axisLabel: labels(look, (value) => inUnit(value, metric.unit)),
    },
    tooltip: {
      trigger: "item",
      formatter: (hit) =>
        hit.seriesType === "scatter"
          ? `${onCanvas(data.runs[hit.value[2]].name)}\n${inUnit(hit.value[1], metric.unit)}`
          : summary(groups[hit.dataIndex], numbers[hit.dataIndex], metric),
    },
    series: [
      {
        type: "boxplot",
        data: numbers.map(box),
        boxWidth: [12, 72],
        itemStyle: { color: "transparent", borderColor: look.accent, borderWidth: 1.6 },
      },
      { type: "scatter", xAxisIndex: 1, data: points, symbolSize: 7, itemStyle: { color: look.series[1], opacity: 0.7 } },
    ],
  };
}

function summary([title, members], values, metric) {
  const [low, quarter, middle, threeQuarters, high] = box(values).map((value) => inUnit(value, metric.unit));
  return [
    onCanvas(title),
    `${members.length} runs`,
    `median ${middle}`,
    `middle half ${quarter} to ${threeQuarters}`,
    `whiskers ${low} to ${high}`,
  ].join("\n");
}
