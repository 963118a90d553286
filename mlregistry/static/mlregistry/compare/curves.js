// How metrics went, the curves of all runs in one chart for each metric.
import { drawn } from "../chart.js";
import { labels } from "./charts.js";
import { ofRun } from "./colours.js";
import { setUpPicker } from "./picker.js";
import { get } from "./state.js";
import { duration, node, number, onCanvas, time, user } from "./words.js";

const AT_ONCE = 10;
const POINTS = 60000;
const MOST_CHARTS = 12;
const NAMED = 20;
const TOLD = 12;

export function setUpCurves(part, data) {
  const metrics = data.dimensions.filter((one) => one.kind === "metric");
  const place = part.querySelector("#curve-charts");
  const chosen = setUpPicker(
    part.querySelector(".picker"),
    [["Metrics", metrics.map((one) => ({ value: one.key, words: one.key }))]],
    data.first.curve.length ? data.first.curve : metrics.slice(0, 1).map((one) => one.key),
  );
  const store = makeStore(part, data);
  const charts = new Map();

  async function draw() {
    part.querySelector("#smooth-value").textContent = get("smooth") || "0";
    const keys = chosen().slice(0, MOST_CHARTS);
    for (const [key, chart] of charts) {
      if (keys.includes(key)) continue;
      chart.panel.remove();
      charts.delete(key);
    }
    for (const key of keys) if (!charts.has(key)) charts.set(key, makeChart(key));
    place.replaceChildren(...(sameOrder(place, keys) ? [...place.children] : keys.map((key) => charts.get(key).panel)));
    if (!keys.length) place.replaceChildren(node("p", { class: "muted" }, "These runs have no metrics."));
    await Promise.all(keys.map((key) => redraw(key)));
    for (const key of keys) await store.load(key, () => charts.has(key) && redraw(key));
  }

  const sameOrder = (parent, keys) =>
    parent.children.length === keys.length && keys.every((key, nth) => charts.get(key).panel === parent.children[nth]);

  function makeChart(key) {
    const canvas = node("div", {
      class: "chart",
      role: "img",
      "aria-label": `Curves of ${key.slice(0, 60)}. The table tab has the last values.`,
    });
    return { canvas, panel: node("section", { class: "panel" }, node("h2", {}, user(key)), canvas) };
  }

  async function redraw(key) {
    const chart = charts.get(key);
    if (chart.drawn) (await chart.drawn).redraw();
    else chart.drawn = drawn(chart.canvas, (look) => option(data, store.curves(key), look));
    await chart.drawn;
  }

  return { draw };
}

// Curves come some runs at a time, so that the first are seen at once; each is asked for once.
function makeStore(part, data) {
  const found = new Map();
  const asked = new Set();
  const perRun = Math.max(120, Math.min(1500, Math.floor(POINTS / data.runs.length)));
  const progress = part.querySelector("#curve-progress");

  async function load(key, show) {
    if (asked.has(key)) return;
    asked.add(key);
    const row = data.byId.get(`metric:${key}`);
    const runs = data.runs.filter((_, place) => row.at(place) !== null).map((run) => run.id);
    for (let from = 0; from < runs.length; from += AT_ONCE) {
      progress.textContent = `Loading ${from} of ${runs.length} curves…`;
      const parameters = new URLSearchParams([
        ...runs.slice(from, from + AT_ONCE).map((run) => ["run", run]),
        ["metric", key],
        ["points", perRun],
      ]);
      const answer = await fetch(`${data.addresses.curves}?${parameters}`);
      if (!answer.ok) {
        asked.delete(key);
        throw new Error(`the server answered ${answer.status} for ${key}`);
      }
      Object.assign(found.get(key) ?? found.set(key, {}).get(key), (await answer.json()).curves);
      show();
    }
    progress.textContent = "";
  }
  return { load, curves: (key) => found.get(key) ?? {} };
}

// The mean of what came before, weighed less the longer ago, as most trackers smooth.
function smoothed(values, weight) {
  if (!weight) return values;
  let [mean, share] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = mean * weight + value * (1 - weight);
    share = share * weight + (1 - weight);
    return mean / share;
  });
}

function points(curve, values, by, isLog) {
  const start = curve.times[0];
  const across = { time: curve.times, relative: curve.times.map((at) => (at - start) / 1000) }[by] ?? curve.steps;
  return values.map((value, nth) => [across[nth], Number.isFinite(value) && !(isLog && value <= 0) ? value : null]);
}

function option(data, curves, look) {
  const [by, weight, isLog] = [get("by"), Number(get("smooth")) || 0, get("ylog") === "1"];
  const few = data.runs.length <= NAMED;
  const series = data.runs.flatMap((run, place) =>
    curves[run.id] ? linesOf(run, curves[run.id], { by, weight, isLog, colour: ofRun(place, look), few }) : [],
  );
  const label = { time: time, relative: (value) => duration(value * 1000) }[by] ?? number;
  return {
    grid: { left: 8, right: 16, top: few ? 58 : 34, bottom: 24, containLabel: true },
    legend: few
      ? {
          top: 22,
          icon: "roundRect",
          itemWidth: 12,
          itemHeight: 12,
          data: data.runs.filter((run) => curves[run.id]).map((run) => ({ name: run.id })),
          formatter: (id) => onCanvas(data.runs.find((run) => run.id === id).name, 24),
        }
      : undefined,
    toolbox: {
      right: 4,
      top: -6,
      itemSize: 13,
      iconStyle: { borderColor: look.muted },
      emphasis: { iconStyle: { borderColor: look.accent, textFill: look.muted } },
      feature: { dataZoom: { filterMode: "none", brushStyle: { color: look.accent, opacity: 0.15 } }, restore: {} },
    },
    xAxis: {
      type: by === "time" ? "time" : "value",
      scale: true,
      min: "dataMin",
      max: "dataMax",
      name: by || "step",
      nameLocation: "middle",
      nameGap: 24,
      axisLabel: labels(look, by === "time" ? undefined : label),
    },
    yAxis: { type: isLog ? "log" : "value", scale: true, axisLabel: labels(look, number) },
    tooltip: { trigger: "axis", axisPointer: { lineStyle: { color: look.muted } }, formatter: (hits) => tell(data, hits, label) },
    series,
  };
}

function linesOf(run, curve, { by, weight, isLog, colour, few }) {
  const raw = curve.values.map(Number);
  const common = {
    type: "line",
    name: run.id,
    color: colour,
    showSymbol: raw.length === 1,
    symbolSize: 6,
    sampling: "lttb",
    connectNulls: false,
    emphasis: { focus: few ? "series" : "none" },
  };
  const line = {
    ...common,
    id: run.id,
    data: points(curve, smoothed(raw, weight), by, isLog),
    lineStyle: { width: few ? 1.8 : 1, opacity: few ? 1 : 0.6 },
  };
  if (!weight || !few) return [line];
  const faint = {
    ...common,
    id: `raw ${run.id}`,
    data: points(curve, raw, by, isLog),
    silent: true,
    lineStyle: { width: 1, opacity: 0.22 },
    tooltip: { show: false },
  };
  return [faint, line];
}

function tell(data, hits, label) {
  const runs = new Map(data.runs.map((run) => [run.id, run.name]));
  const lines = hits
    .filter((hit) => !hit.seriesId.startsWith("raw ") && hit.value[1] !== null)
    .sort((one, other) => other.value[1] - one.value[1]);
  if (!lines.length) return "";
  const rest = lines.length > TOLD ? [`and ${lines.length - TOLD} more`] : [];
  return [
    label(hits[0].value[0]),
    ...lines
      .slice(0, TOLD)
      .map((hit) => `${hit.marker}${onCanvas(runs.get(hit.seriesName), 26)}  ${number(Number(hit.value[1].toPrecision(5)))}`),
    ...rest,
  ].join("\n");
}
