// Runs side by side: fetches what was logged for them and lets each part of the page draw it when it is looked at.
import { look } from "../chart.js";
import { setUpArtifacts } from "./artifacts.js";
import { setUpBox } from "./box.js";
import { ofRun } from "./colours.js";
import { setUpContour } from "./contour.js";
import { setUpCurves } from "./curves.js";
import { dimensionsOf, fillSelect, firstChoices } from "./dimensions.js";
import { setUpParallel } from "./parallel.js";
import { setUpScatter } from "./scatter.js";
import { bind, get, getAll, onChange, set, withRuns } from "./state.js";
import { setUpTable } from "./table.js";

const root = document.querySelector(".comparison");
const form = document.querySelector("#compared");
const makers = {
  table: setUpTable,
  curves: setUpCurves,
  parallel: setUpParallel,
  scatter: setUpScatter,
  box: setUpBox,
  contour: setUpContour,
  artifacts: setUpArtifacts,
};
const parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
const ready = new Map();

const currentTab = () => (get("tab") in parts ? get("tab") : "table");

function complain(error) {
  const trouble = root.querySelector("#trouble");
  trouble.textContent = `The comparison did not come: ${error.message}. Reload the page to try again.`;
  trouble.hidden = false;
  root.querySelector(".loading").hidden = true;
}

// Another tab, a run removed or added: the address keeps what was chosen meanwhile.
form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.hasAttribute("formaction")) return;
  event.preventDefault();
  if (button?.name === "tab") {
    set({ tab: button.value });
    return;
  }
  const runs = getAll("run").filter((run) => run !== button?.value);
  const words = form.elements.find.value.trim();
  if (button?.name === "without") location.assign(withRuns(runs));
  else if (button?.name === "add") location.assign(withRuns([...runs, button.value]));
  else location.assign(`${withRuns(runs)}&find=${encodeURIComponent(words)}`);
});

function paintChips(data) {
  for (const [place, swatch] of form.querySelectorAll(".swatch").entries()) swatch.style.background = data.colour(place);
}

function showTab(data) {
  const tab = currentTab();
  for (const button of document.querySelectorAll(".tabs button")) {
    if (button.value === tab) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  for (const [name, part] of Object.entries(parts)) part.hidden = name !== tab;
  drawTab(tab, data).catch(complain);
}

async function drawTab(tab, data) {
  if (!ready.has(tab)) ready.set(tab, makers[tab](parts[tab], data));
  await ready.get(tab).draw();
}

function fillControls(data) {
  for (const select of root.querySelectorAll("select[data-options]")) {
    const kind = select.dataset.options;
    if (kind === "runs") select.append(...data.runs.map((run) => new Option(run.name.slice(0, 60), run.id)));
    else
      fillSelect(
        select,
        data.dimensions.filter((one) => kind === "all" || one.isNumeric),
      );
  }
  bind(root, data.first);
}

function tellWhatIsLeftOut(leftOut) {
  const told = Object.entries(leftOut).map(([kind, count]) => `${count} more ${kind}s`);
  const line = root.querySelector("#left-out");
  line.hidden = told.length === 0;
  line.textContent = told.length ? `There are ${told.join(", ")}; the CSV has them all.` : "";
}

async function start() {
  const runs = new URLSearchParams(getAll("run").map((run) => ["run", run]));
  const answer = await fetch(`${root.dataset.data}?${runs}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const { runs: found, rows, left_out: leftOut } = await answer.json();
  let style = look();
  const dimensions = dimensionsOf(rows);
  const data = {
    runs: found,
    dimensions,
    byId: new Map(dimensions.map((one) => [one.id, one])),
    first: firstChoices(dimensions),
    addresses: root.dataset,
    colour: (place) => ofRun(place, style),
  };
  fillControls(data);
  tellWhatIsLeftOut(leftOut);
  const redraw = () => showTab(data);
  onChange(redraw);
  const repaint = () => {
    style = look();
    paintChips(data);
    if (currentTab() === "table") redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  paintChips(data);
  // What is hidden has no width to draw in.
  root.removeAttribute("aria-busy");
  redraw();
}

start().catch(complain);
