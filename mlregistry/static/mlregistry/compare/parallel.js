// Parallel coordinates: an axis for each param and metric that is chosen, a line for each run.
import { chartOf, chosen, placeOn, textsOf, told } from "./charts.js";
import { scale } from "./colours.js";
import { extent, finite, kinds, spreadsOverMagnitudes } from "./dimensions.js";
import { setUpPicker } from "./picker.js";
import { withRuns } from "./state.js";
import { inUnit, node, onCanvas, user } from "./words.js";

const FEW_TEXTS = 30;
const NAMED = 30;

export function setUpParallel(part, data) {
  const groups = Object.entries(kinds).map(([kind, title]) => [
    title,
    data.dimensions.filter((one) => one.kind === kind).map((one) => ({ value: one.id, words: one.key })),
  ]);
  const axes = setUpPicker(part.querySelector(".picker"), groups, data.first.axes);
  const brushed = part.querySelector("#brushed");
  const chart = chartOf(part, (look) =>
    option(
      data,
      axes().map((id) => data.byId.get(id)),
      look,
    ),
  );
  return {
    draw: async () => {
      part.querySelector(".chart").style.minWidth = `${6 * axes().length + 6}rem`;
      const drawn = await chart.draw();
      brushed.replaceChildren();
      drawn.off("axisareaselected");
      drawn.on("axisareaselected", () =>
        tell(data, brushed, drawn.getModel().getSeriesByIndex(0).getRawIndicesByActiveState("active")),
      );
    },
  };
}

function option(data, dimensions, look) {
  const colour = chosen(data, "pcolour");
  const axes = dimensions.map((dimension, place) => axis(dimension, place, look));
  const texts = dimensions.map((dimension) => (dimension.isNumeric ? [] : textsOf(dimension)));
  const lines = data.runs.map((_, run) => ({
    name: data.runs[run].name,
    value: [
      ...dimensions.map((dimension, place) => placeOn(dimension, run, texts[place]) ?? "-"),
      finite(colour?.at(run)) ? colour.at(run) : "-",
    ],
  }));
  const values = data.runs.map((_, run) => colour?.at(run));
  return {
    parallel: {
      left: 56,
      right: 130,
      top: 56,
      bottom: 28,
      axisExpandable: dimensions.length > 14,
      axisExpandCount: 10,
      axisExpandWidth: 90,
      parallelAxisDefault: { areaSelectStyle: { width: 22, borderColor: look.accent, color: look.accent, opacity: 0.2 } },
    },
    parallelAxis: axes,
    tooltip: {
      trigger: "item",
      formatter: ({ dataIndex }) =>
        [onCanvas(data.runs[dataIndex].name), ...dimensions.map((dimension) => told(dimension, dataIndex))].join("\n"),
    },
    ...(values.some(finite)
      ? { visualMap: scale(look, dimensions.length, extent(values), { text: [onCanvas(colour.key, 14), ""] }) }
      : {}),
    series: [
      {
        type: "parallel",
        data: lines,
        smooth: 0.15,
        lineStyle: { width: data.runs.length > 60 ? 1.2 : 2, opacity: 0.75 },
        inactiveOpacity: 0.06,
        activeOpacity: 0.95,
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
        progressive: 500,
      },
    ],
  };
}

// Labels stand on the lines.
const readable = (look) => ({ color: look.ink, textBorderColor: look.surface, textBorderWidth: 3 });

function axis(dimension, place, look) {
  const name = onCanvas(dimension.key, 22);
  const common = {
    dim: place,
    name,
    nameGap: place % 2 ? 14 : 30,
    nameTextStyle: { color: look.ink, fontSize: 11 },
    axisLine: { lineStyle: { color: look.muted } },
    axisTick: { lineStyle: { color: look.line } },
  };
  if (!dimension.isNumeric) {
    const texts = textsOf(dimension);
    const label = { ...readable(look), show: texts.length <= FEW_TEXTS, formatter: (text) => onCanvas(text, 12) };
    return { ...common, type: "category", data: texts.map((text) => onCanvas(text, 40)), axisLabel: label };
  }
  const isLog = dimension.unit !== "time" && spreadsOverMagnitudes(dimension);
  return {
    ...common,
    type: isLog ? "log" : "value",
    scale: true,
    axisLabel: { ...readable(look), formatter: (value) => inUnit(value, dimension.unit) },
  };
}

function tell(data, place, runs) {
  place.replaceChildren();
  if (runs.length === 0 || runs.length === data.runs.length) return;
  const names = runs.slice(0, NAMED).map((run) => node("span", { class: "tag" }, user(data.runs[run].name)));
  const keep =
    runs.length > 1 && node("a", { class: "button", href: withRuns(runs.map((run) => data.runs[run].id)) }, "Compare only these");
  place.append(
    `${runs.length} of ${data.runs.length} runs selected`,
    ...(keep ? [keep] : []),
    ...names,
    runs.length > NAMED ? "…" : "",
  );
}
