// Charts as all pages draw them: ECharts in the colours of the page, drawn anew when the scheme changes, sized with it.
//
//   import { drawn } from "./chart.js";
//   drawn(element, (look) => ({ xAxis: { type: "value" }, yAxis: { type: "value" }, series: [...] }));
//
// The library (1.1 MB) comes when the first chart does, from the address in data-echarts of any element of the page.

let library;

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("[data-echarts]").dataset.echarts;
    script.onload = () => resolve(window.echarts);
    script.onerror = () => reject(new Error("the chart library did not come"));
    document.head.append(script);
  });
  return library;
}

// A custom property may hold light-dark(…): only a property that takes a colour says which one it is now.
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

export function look() {
  const names = ["ink", "muted", "line", "surface", "accent", "good", "bad", "warn"];
  return {
    ...Object.fromEntries(names.map((name) => [name, colour(name)])),
    series: Array.from({ length: 10 }, (_, index) => colour(`series-${index + 1}`)),
  };
}

function base(style) {
  const axis = {
    axisLine: { lineStyle: { color: style.line } },
    axisLabel: { color: style.muted },
    splitLine: { lineStyle: { color: style.line } },
    nameTextStyle: { color: style.muted },
  };
  return { axis, textStyle: { color: style.ink, fontFamily: getComputedStyle(document.body).fontFamily } };
}

function completed(option, style) {
  const { axis, textStyle } = base(style);
  const dressed = (given) => (Array.isArray(given) ? given.map(dressed) : given && { ...axis, ...given });
  return {
    animation: false,
    color: style.series,
    backgroundColor: "transparent",
    textStyle,
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    ...option,
    xAxis: dressed(option.xAxis),
    yAxis: dressed(option.yAxis),
    // In HTML a tooltip needs inline styles, which the page's policy refuses; drawn on the canvas it needs none.
    tooltip: option.tooltip && {
      backgroundColor: style.surface, borderColor: style.line, textStyle: { color: style.ink, fontSize: 12 },
      confine: true, ...option.tooltip, renderMode: "richText",
    },
    legend: option.legend && { type: "scroll", top: 0, textStyle: { color: style.muted }, ...option.legend },
  };
}

const charts = new Map();

// Draws `make(look)` in `element` and keeps it so; the returned chart has `redraw()` for when the data has changed.
export async function drawn(element, make) {
  const echarts = await load();
  const chart = echarts.getInstanceByDom(element) ?? echarts.init(element, null, { renderer: "canvas" });
  const redraw = () => {
    const style = look();
    chart.setOption(completed(make(style), style), { notMerge: true });
  };
  charts.set(element, redraw);
  chart.redraw = redraw;
  redraw();
  new ResizeObserver(() => chart.resize()).observe(element);
  return chart;
}

function redrawAll() {
  for (const [element, redraw] of charts) element.isConnected ? redraw() : charts.delete(element);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
new MutationObserver(redrawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
