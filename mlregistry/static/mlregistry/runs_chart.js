// A metric of the runs in the table, run after run or against another column; drawn from what the table shows.
import { drawn } from "./chart.js";

const strip = document.querySelector(".runs-chart");
const table = document.querySelector("table.runs");
let chart = null;

const heads = () => [...table.tHead.rows[0].cells].map((head) => head.dataset.column ?? "");
const isSeen = (row) => row.id.startsWith("run-") && !row.hidden;

function points(vertical, horizontal) {
  const columns = heads();
  const [y, x] = [columns.indexOf(vertical), columns.indexOf(horizontal)];
  const rows = [...table.tBodies[0].rows].filter(isSeen);
  const number = (row, place) => {
    const text = row.cells[place]?.textContent.trim();
    return text === undefined || text === "" ? NaN : Number(text);
  };
  return rows
    .map((row, index) => ({
      name: row.querySelector(".run-name").textContent,
      address: row.querySelector(".run-name").href,
      value: [x < 0 ? index + 1 : number(row, x), number(row, y)],
    }))
    .filter(({ value }) => value.every(Number.isFinite));
}

function option(look) {
  const { vertical, horizontal } = strip.querySelector("form").elements;
  const y = vertical.selectedOptions[0].textContent;
  const x = horizontal.selectedOptions[0].textContent;
  return {
    tooltip: { trigger: "item", formatter: ({ name, value }) => `${name}\n${y} ${value[1]}\n${x} ${value[0]}` },
    xAxis: { type: "value", name: x, nameLocation: "middle", nameGap: 26, scale: true },
    yAxis: { type: "value", name: y, scale: true },
    grid: { left: 8, right: 24, top: 32, bottom: 28, containLabel: true },
    series: [{ type: "scatter", symbolSize: 9, color: look.accent, data: points(vertical.value, horizontal.value) }],
  };
}

async function draw() {
  if (chart) {
    chart.redraw();
    return;
  }
  chart = await drawn(strip.querySelector(".chart"), option);
  chart.on("click", ({ data }) => window.location.assign(data.address));
}

strip?.addEventListener("toggle", () => strip.open && draw());
strip?.addEventListener("change", () => chart && draw());
document.addEventListener("htmx:afterSettle", () => chart && strip.open && draw());
