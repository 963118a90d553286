// The charts of a run: one for each metric, for each group or for all; drawn when they come into view.
import { drawn, look } from "./chart.js";

const told = JSON.parse(document.getElementById("told")?.textContent ?? "null");
const bar = document.getElementById("charts-bar");
const place = document.getElementById("charts");
const EVERY_MS = 5000;
const MOST_LINES = 40;
const PINNED = "pinned";

// What is set is in the address: it survives a reload and can be sent to somebody.
const settings = {
  read() {
    const given = new URLSearchParams(location.search);
    return {
      x: given.get("x") ?? told.axis,
      smooth: Math.min(0.99, Math.max(0, Number(given.get("smooth")) || 0)),
      log: given.has("log"),
      layout: given.get("layout") ?? "each",
      filter: given.get("filter") ?? "",
      pins: given.getAll("pin"),
    };
  },
  write(change) {
    const next = { ...state, ...change };
    const given = new URLSearchParams();
    for (const run of new URLSearchParams(location.search).getAll("run")) given.append("run", run);
    if (next.x !== told.axis) given.set("x", next.x);
    if (next.smooth) given.set("smooth", next.smooth);
    if (next.log) given.set("log", "1");
    if (next.layout !== "each") given.set("layout", next.layout);
    if (next.filter) given.set("filter", next.filter);
    for (const key of next.pins) given.append("pin", key);
    history.replaceState(null, "", `${location.pathname}${given.size ? `?${given}` : ""}`);
    state = next;
  },
};
let state;
const cards = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const card = cards.get(target);
    if (!card) continue;
    card.visible = isIntersecting;
    if (isIntersecting && !card.asked) card.fetch();
  }
}, { rootMargin: "200px" });

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function matching(key) {
  if (!state.filter) return true;
  try {
    return new RegExp(state.filter, "i").test(key);
  } catch {
    return key.toLowerCase().includes(state.filter.toLowerCase());
  }
}

const groupOf = (key) => (key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "");

// The charts that there are to be: [title of the group, [[title of the chart, its metrics]]].
function arranged() {
  const keys = told.keys.filter(matching);
  if (state.layout === "all") return [["", [["All metrics", keys]]]].filter(() => keys.length);
  const groups = new Map();
  const pins = keys.filter((key) => state.pins.includes(key));
  if (pins.length) groups.set(PINNED, pins);
  for (const key of keys) groups.set(groupOf(key), [...(groups.get(groupOf(key)) ?? []), key]);
  if (state.layout === "group") return [["", [...groups].map(([name, members]) => [name || "Metrics", members])]];
  return [...groups].map(([name, members]) => [name, members.map((key) => [key, [key]])]);
}

function arrange() {
  for (const target of cards.keys()) seen.unobserve(target);
  cards.clear();
  const groups = arranged();
  place.replaceChildren(...groups.map(([name, charts]) => {
    const grid = element("div", { class: charts.length === 1 && state.layout === "all" ? "chart-grid one" : "chart-grid" });
    grid.append(...charts.map(([title, keys]) => new Card(title, keys, name).element));
    if (groups.length === 1) return grid;
    const count = element("span", { class: "muted" }, ` ${charts.length}`);
    return element("details", { class: "group", open: "" }, element("summary", {}, element("bdi", {}, name || "Metrics"), count), grid);
  }));
  document.getElementById("charts-none").hidden = groups.length > 0;
  for (const target of cards.keys()) seen.observe(target);
}

class Card {
  constructor(title, keys, group) {
    this.keys = keys;
    this.zoom = null;
    this.lines = [];
    const shown = state.layout === "each" && group && group !== PINNED ? title.slice(group.length + 1) : title;
    this.canvas = element("div", { class: "chart", role: "img", "aria-label": `Chart of ${title.slice(0, 200)}` });
    this.said = element("p", { class: "said" });
    const heading = element("h2", { title: title.slice(0, 500) }, element("bdi", {}, shown));
    const header = element("header", {}, heading, this.button("⤢", "Larger", () => this.enlarge()));
    if (state.layout === "each") header.append(this.pinButton(keys[0]));
    this.reset = this.button("Whole", "Show the whole again", () => this.zoomTo(null));
    this.reset.hidden = true;
    header.insertBefore(this.reset, heading.nextSibling);
    this.element = element("section", { class: "panel chart-card" }, header, this.canvas, this.said);
    cards.set(this.element, this);
  }

  button(words, label, act) {
    const made = element("button", { type: "button", title: label, "aria-label": label }, words);
    made.addEventListener("click", act);
    return made;
  }

  pinButton(key) {
    const isPinned = state.pins.includes(key);
    const made = this.button(isPinned ? "★" : "☆", isPinned ? "Take from the top" : "Keep at the top", () => {
      settings.write({ pins: isPinned ? state.pins.filter((pin) => pin !== key) : [...state.pins, key] });
      arrange();
    });
    made.setAttribute("aria-pressed", String(isPinned));
    return made;
  }

  enlarge() {
    this.element.classList.toggle("large");
  }

  async zoomTo(range) {
    this.zoom = range;
    this.reset.hidden = !range;
    this.draw();
    if (this.lines.some((line) => line.sample) || !range) await this.fetch();
  }

  async fetch() {
    this.asked = true;
    const asked = (this.turn = (this.turn ?? 0) + 1);
    const axis = this.axis ?? state.x;
    try {
      const answers = await Promise.all(this.keys.slice(0, MOST_LINES).map((key) => points(key, axis, this.zoom)));
      if (asked !== this.turn) return;
      this.lines = answers.flatMap(({ key, series }) => series.map((line) => ({ ...line, key })));
    } catch {
      this.said.textContent = "The points did not come. The chart asks again when it is scrolled into view.";
      this.asked = false;
      return;
    }
    if (axis === "step" && !this.zoom && this.lines.every((line) => line.points.length < 2 || line.points[0][0] === line.points.at(-1)[0])
      && this.lines.some((line) => line.points.length > 1)) {
      this.axis = "relative";
      return this.fetch();
    }
    this.draw();
  }

  async draw() {
    this.say();
    const option = (style) => this.option(style);
    if (this.chart) this.chart.redraw();
    else {
      this.chart = await drawn(this.canvas, option);
      this.chart.on("datazoom", (event) => this.zoomed(event.batch?.[0] ?? event));
      this.chart.getZr().on("dblclick", () => this.zoomTo(null));
    }
    // A drag across the chart chooses what to zoom to.
    this.chart.dispatchAction({ type: "takeGlobalCursor", key: "dataZoomSelect", dataZoomSelectActive: true });
  }

  zoomed({ startValue, endValue }) {
    if (startValue === undefined || endValue === undefined || startValue === endValue) return;
    this.zoomTo([startValue, endValue].sort((a, b) => a - b));
  }

  say() {
    const only = this.lines.length === 1 ? this.lines[0].points.findLast((point) => typeof point[1] === "number") : null;
    const sampled = this.lines.some((line) => line.sample) ? "A sample: lowest and highest of each stretch. Drag to see all of a part." : "";
    const moved = this.axis && this.axis !== state.x ? "No steps were logged; drawn by time. " : "";
    const left = this.keys.length > MOST_LINES ? `The first ${MOST_LINES} of ${this.keys.length} metrics. ` : "";
    this.said.textContent = `${left}${moved}${only && !this.zoom ? `Last ${short(only[1])}. ` : ""}${sampled}`;
  }

  // Metrics that were logged once are compared by bars.
  bars(style) {
    const lines = [...this.lines].reverse().filter((line) => line.points.length);
    return {
      grid: { left: 4, right: 40, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: "category", axisTick: { show: false }, data: lines.map((line) => clipped(this.nameOf(line), 28)), axisLabel: { color: style.muted } },
      series: [{
        type: "bar", barMaxWidth: 26,
        data: lines.map((line) => ({ value: values(line.points)[0][1], itemStyle: { color: this.colourOf(line, style) } })),
        label: { show: true, position: "right", color: style.ink, formatter: ({ value }) => (typeof value === "number" ? short(value) : "NaN") },
      }],
    };
  }

  colourOf(line, style) {
    const place = this.keys.length > 1 ? this.lines.indexOf(line) : told.runs.findIndex((run) => run.uuid === line.run);
    return style.series[place % style.series.length];
  }

  option(style) {
    if (!this.zoom && this.lines.length && this.lines.every((line) => line.points.length < 2)) return this.bars(style);
    const many = this.lines.length > 1;
    const axis = this.axis ?? state.x;
    const smooth = state.smooth > 0;
    const series = this.lines.flatMap((line) => {
      const colour = this.colourOf(line, style);
      const name = this.nameOf(line);
      const raw = values(line.points);
      const drawnAs = { type: "line", showSymbol: raw.length < 60, symbolSize: 5, connectNulls: false, color: colour, emphasis: { disabled: true } };
      if (!smooth) return [{ ...drawnAs, name, data: raw, lineStyle: { width: 1.6 } }];
      return [
        { ...drawnAs, name: `${name} (logged)`, data: raw, showSymbol: false, silent: true, lineStyle: { width: 1, opacity: 0.25 }, tooltip: { show: false } },
        { ...drawnAs, name, data: smoothed(raw, state.smooth), showSymbol: false, lineStyle: { width: 1.8 } },
      ];
    });
    return {
      grid: { left: 4, right: 20, top: many ? 30 : 10, bottom: 4, containLabel: true },
      xAxis: {
        type: axis === "time" ? "time" : "value", min: this.zoom?.[0] ?? "dataMin", max: this.zoom?.[1] ?? "dataMax", splitLine: { show: false },
        axisLabel: { color: style.muted, hideOverlap: true, formatter: axis === "relative" ? lasted : axis === "step" ? counted : undefined },
        axisPointer: { label: { show: false } },
      },
      yAxis: { type: state.log ? "log" : "value", scale: true, axisLabel: { color: style.muted, formatter: short } },
      tooltip: { trigger: "axis", axisPointer: { type: "line" }, formatter: (at) => tooltip(at, axis) },
      legend: many ? { data: series.filter((line) => !line.silent).map((line) => line.name), formatter: (name) => clipped(name, 36) } : undefined,
      toolbox: { show: true, top: -100, feature: { dataZoom: { yAxisIndex: "none", xAxisIndex: 0 } } },
      series,
    };
  }

  nameOf(line) {
    const run = told.runs.find((each) => each.uuid === line.run);
    const name = run?.name || line.run.slice(0, 8);
    if (told.runs.length === 1) return line.key;
    const twin = told.runs.some((each) => each !== run && each.name === run?.name) ? ` ${line.run.slice(0, 6)}` : "";
    return this.keys.length === 1 ? `${name}${twin}` : `${line.key} · ${name}${twin}`;
  }
}

async function points(key, axis, zoom) {
  const asked = new URLSearchParams({ key, x: axis });
  for (const run of told.runs.slice(1)) asked.append("run", run.uuid);
  if (zoom) {
    asked.set("from", Math.floor(zoom[0]));
    asked.set("to", Math.ceil(zoom[1]));
  }
  const answer = await fetch(`${told.points}?${asked}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// NaN and infinities are gaps; on a logarithmic scale so is what is not above zero.
function values(given) {
  return given.map(([x, value, step, time]) => [x, typeof value === "number" && (!state.log || value > 0) ? value : null, step, time, value]);
}

// The exponential moving average, with the debt of its beginning paid back; a gap stays one.
function smoothed(given, weight) {
  let last = 0;
  let count = 0;
  return given.map(([x, value, ...rest]) => {
    if (value === null) return [x, null, ...rest];
    last = last * weight + (1 - weight) * value;
    count += 1;
    return [x, last / (1 - weight ** count), ...rest];
  });
}

function tooltip(at, axis) {
  const lines = at.filter((point) => !point.seriesName.endsWith(" (logged)")).slice(0, 12);
  if (!lines.length) return "";
  const [, , step, time] = lines[0].value;
  const head = axis === "step" ? `Step ${step}` : axis === "relative" ? lasted(lines[0].value[0]) : new Date(time).toLocaleString();
  const about = axis === "step" ? new Date(time).toLocaleString() : `step ${step}`;
  return [`${head}  (${about})`, ...lines.map(({ marker, seriesName, value }) => `${marker}${clipped(seriesName, 50)}  ${written(value)}`)].join("\n");
}

function written(value) {
  if (value[1] === null) return value[4] === null ? "NaN" : String(value[4]);
  return value[1] === value[4] || typeof value[4] !== "number" ? short(value[1]) : `${short(value[1])}  (logged ${short(value[4])})`;
}

// Braces would begin a style of the chart library's own in the text.
const clipped = (text, longest) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text).replace(/[{}\n]/g, " ");

function short(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  return String(Number(value.toPrecision(5)));
}

const counted = (steps) => (Math.abs(steps) >= 1e4 && Math.abs(steps) < 1e6 ? `${Number((steps / 1e3).toPrecision(4))}k` : short(steps));

function lasted(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const size = Math.abs(seconds);
  if (size < 120) return `${Number((milliseconds / 1000).toPrecision(3))} s`;
  if (size < 7200) return `${Math.round(seconds / 6) / 10} min`;
  return size < 172800 ? `${Math.round(seconds / 360) / 10} h` : `${Math.round(seconds / 8640) / 10} d`;
}

function redrawAll() {
  for (const card of cards.values()) if (card.chart) card.draw();
}

function show() {
  for (const name of ["x", "layout", "filter", "smooth"]) bar.elements[name].value = state[name];
  bar.elements.log.checked = state.log;
  bar.querySelector("output").textContent = state.smooth || "0";
}

function changed(name, value) {
  settings.write({ [name]: value });
  show();
  if (name === "smooth" || name === "log") redrawAll();
  else arrange();
}

function goWith(runs) {
  const given = new URLSearchParams(location.search);
  given.delete("run");
  for (const run of runs) given.append("run", run);
  location.search = given;
}

// While a run goes on, what is in view is asked for again; the rest when it is scrolled into view.
async function live() {
  if (!document.hidden && told.runs.some((run) => run.running)) {
    for (const card of cards.values()) {
      if (card.visible && !card.zoom) await card.fetch();
      else if (!card.visible) card.asked = false;
      for (const line of card.lines) {
        const run = told.runs.find((each) => each.uuid === line.run);
        if (run) run.running = line.running;
      }
    }
  }
  if (told.runs.some((run) => run.running)) setTimeout(live, EVERY_MS);
}

if (told && bar) {
  state = settings.read();
  show();
  const colours = look().series;
  for (const swatch of document.querySelectorAll(".swatch")) swatch.style.background = colours[swatch.dataset.series % colours.length];
  let waiting;
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.addEventListener("input", ({ target }) => {
    if (target.dataset.setting === "no") return;
    if (target.name === "log") return changed("log", target.checked);
    if (target.name === "smooth") return changed("smooth", Number(target.value));
    clearTimeout(waiting);
    waiting = setTimeout(() => changed(target.name, target.value), target.name === "filter" ? 200 : 0);
  });
  document.addEventListener("click", ({ target }) => {
    const others = told.runs.slice(1).map((run) => run.uuid);
    const added = target.closest("[data-add-run]")?.dataset.addRun;
    const dropped = target.closest("[data-drop-run]")?.dataset.dropRun;
    if (added && !others.includes(added)) goWith([...others, added]);
    if (dropped) goWith(others.filter((uuid) => uuid !== dropped));
  });
  arrange();
  if (told.runs.some((run) => run.running)) setTimeout(live, EVERY_MS);
}
