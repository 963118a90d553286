// The table: what was logged, side by side, with differences and bests marked.
import { get, getAll, set } from "./state.js";
import { finite, isLowerByName, kinds } from "./dimensions.js";
import { fill } from "./sheet.js";
import { inUnit, node, number, user } from "./words.js";

const MANY = 8;
const LONGEST = 300;

export function setUpTable(part, data) {
  const menu = part.querySelector("#kinds");
  const shut = () => (getAll("shut").length ? getAll("shut") : ["system"]);
  for (const [kind, title] of Object.entries(kinds)) {
    if (!data.dimensions.some((one) => one.kind === kind)) continue;
    const box = node("input", {
      type: "checkbox",
      onchange: () => {
        const rest = shut().filter((one) => one !== kind && one !== "none");
        const now = box.checked ? rest : [...rest, kind];
        set({ shut: now.length ? now : ["none"] });
      },
    });
    box.checked = !shut().includes(kind);
    menu.append(node("label", {}, box, title));
  }
  return { draw: () => draw(part, data, shut()) };
}

const direction = (row) =>
  getAll("higher").includes(row.key) ? 1 : getAll("lower").includes(row.key) || isLowerByName(row.key) ? -1 : 1;

function turn(row) {
  const now = -direction(row);
  const others = (name) => getAll(name).filter((key) => key !== row.key);
  set({
    higher: now > 0 ? [...others("higher"), row.key] : others("higher"),
    lower: now < 0 ? [...others("lower"), row.key] : others("lower"),
  });
}

function best(row) {
  if (row.kind !== "metric") return null;
  const numbers = row.values.filter(finite);
  if (numbers.length < 2) return null;
  const sign = direction(row);
  const found = numbers.reduce((one, other) => (sign * other > sign * one ? other : one));
  return numbers.every((one) => one === found) ? null : found;
}

// The cell that the others are held against: the baseline's, else what more than half of the runs have.
function reference(row, base) {
  if (base >= 0) return row.cells[base];
  const counts = new Map();
  for (const cell of row.cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return [...counts].find(([, count]) => count * 2 > row.cells.length)?.[0];
}

function chosenRows(data, shut) {
  const words = get("q").trim().toLowerCase();
  const fits = (row) =>
    row.key.toLowerCase().includes(words) || (row.texts ?? []).some((text) => text?.toLowerCase().includes(words));
  return data.dimensions.filter(
    (row) => !shut.includes(row.kind) && (get("diff") !== "1" || row.differs) && (!words || fits(row)),
  );
}

function ordered(data) {
  const runs = data.runs.map((_, place) => place);
  const sort = get("sort");
  const row = data.dimensions.find((one) => one.id === sort.replace(/^-/, ""));
  if (!row) return runs;
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
  const missing = (value) => value === null || Number.isNaN(value);
  return runs.sort((one, other) => {
    const [left, right] = [row.at(one), row.at(other)];
    return missing(left) || missing(right) ? missing(left) - missing(right) : sign * compare(left, right);
  });
}

function draw(part, data, shut) {
  const rows = chosenRows(data, shut);
  const base = data.runs.findIndex((run) => run.id === get("base"));
  const order = ordered(data);
  const isByRun = get("runs") === "rows" || (get("runs") === "" && data.runs.length > MANY);
  const facts = new Map(rows.map((row) => [row, { best: best(row), reference: reference(row, base) }]));
  const sheet = { data, rows, base, order, facts, delta: get("delta") };
  const scroller = part.querySelector(".sheet");
  scroller.classList.toggle("by-run", isByRun);
  fill(scroller, isByRun ? byRun(sheet) : byKey(sheet));
  const differing = rows.filter((row) => row.differs).length;
  part.querySelector("#table-count").textContent = rows.length ? `${rows.length} rows, ${differing} differ` : "No rows to show";
  part.querySelector("#unlike").textContent = base >= 0 ? "the baseline" : "most runs";
}

// Runs as columns, keys as rows, kind by kind.
function byKey(sheet) {
  const { data, rows, order } = sheet;
  const head = [
    node(
      "tr",
      {},
      node("th", { scope: "col" }, node("span", { class: "visually-hidden" }, "Key")),
      ...order.map((run) => runHead(sheet, run, "col")),
    ),
  ];
  const made = [];
  let kind = "";
  for (const row of rows) {
    if (row.kind !== kind) {
      const title = kinds[row.kind];
      const count = rows.filter((one) => one.kind === row.kind).length;
      made.push({ className: "kind", head: () => node("th", { scope: "rowgroup" }, `${title} · ${count}`) });
      kind = row.kind;
    }
    made.push({ head: () => keyHead(row, "row"), cell: (column) => cell(sheet, row, order[column]) });
  }
  return { head, rows: made, columns: order.length };
}

// Runs as rows, keys as columns.
function byRun(sheet) {
  const { rows, order } = sheet;
  const groups = Object.entries(kinds).map(([kind, title]) => [title, rows.filter((row) => row.kind === kind).length]);
  const head = [
    node(
      "tr",
      { class: "kinds" },
      node("td"),
      ...groups.filter(([, count]) => count).map(([title, count]) => node("th", { colspan: count, scope: "colgroup" }, title)),
    ),
    node("tr", {}, node("th", { scope: "col" }, "Run"), ...rows.map((row) => keyHead(row, "col"))),
  ];
  const made = order.map((run) => ({ head: () => runHead(sheet, run, "row"), cell: (column) => cell(sheet, rows[column], run) }));
  return { head, rows: made, columns: rows.length };
}

function runHead({ data, base }, place, scope) {
  const run = data.runs[place];
  const swatch = node("i", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = data.colour(place);
  const isBase = place === base;
  const pin = node(
    "button",
    {
      type: "button",
      class: "mini tail pin",
      "aria-pressed": String(isBase),
      title: isBase ? "This is the baseline" : "Compare the others with this run",
      "aria-label": `Baseline: ${run.name.slice(0, 60)}`,
      onclick: () => set({ base: isBase ? "" : run.id }),
    },
    "base",
  );
  const link = node("a", { href: `${data.addresses.run}${run.id}/`, title: run.name }, user(run.name));
  return node("th", { scope, class: isBase ? "base" : "" }, node("span", { class: "head" }, swatch, link, pin));
}

function keyHead(row, scope) {
  const sort = get("sort");
  const sorted = sort === row.id ? "ascending" : sort === `-${row.id}` ? "descending" : "";
  const next = { "": `-${row.id}`, descending: row.id, ascending: "" }[sorted];
  const key = node(
    "button",
    { type: "button", class: "key", title: `${row.key}: sort the runs by it`, onclick: () => set({ sort: next }) },
    user(row.key),
  );
  const mark = { ascending: "▲", descending: "▼" }[sorted];
  const isUp = direction(row) > 0;
  const says = `${isUp ? "Higher" : "Lower"} is better`;
  const turner =
    row.kind === "metric" &&
    node(
      "button",
      {
        type: "button",
        class: "mini tail",
        title: `${says}. Press for the opposite.`,
        "aria-label": `${row.key.slice(0, 60)}: ${says}`,
        onclick: () => turn(row),
      },
      isUp ? "↑" : "↓",
    );
  const dot =
    row.differs &&
    node("span", { class: "dot", title: "The runs differ" }, node("span", { class: "visually-hidden" }, "differs"));
  const aria = scope === "col" && sorted ? { "aria-sort": sorted } : {};
  return node(
    "th",
    { scope, class: row.isNumeric ? "number" : "", ...aria },
    node("span", { class: "head" }, dot, key, mark && node("span", { "aria-hidden": "true" }, mark), turner),
  );
}

function cell({ base, facts, delta }, row, run) {
  const value = row.at(run);
  const at = run === base ? "base" : "";
  if (value === null)
    return node(
      "td",
      { class: at },
      node("span", { class: "none" }, "–", node("span", { class: "visually-hidden" }, "not logged")),
    );
  const fact = facts.get(row);
  if (row.texts) {
    const text = row.texts[run];
    const differs = row.differs && row.cells[run] !== fact.reference;
    return node(
      "td",
      { class: `${at} ${differs ? "differs" : ""} ${row.isNumeric ? "number" : ""}`, title: text.length > 14 ? text : null },
      user(text.slice(0, LONGEST)),
    );
  }
  const words = inUnit(value, row.unit);
  const isBest = fact.best !== null && value === fact.best;
  const title = row.steps ? `${value} at step ${row.steps[run]}` : words;
  return node(
    "td",
    { class: `number ${at}`, title },
    isBest ? node("span", { class: "best" }, words, node("span", { class: "visually-hidden" }, " best")) : words,
    change(row, run, base, delta),
  );
}

// How far a number is from the baseline's.
function change(row, run, base, delta) {
  if (base < 0 || run === base || delta === "no" || row.unit === "time") return null;
  const [value, before] = [row.at(run), row.at(base)];
  if (!finite(value) || !finite(before) || value === before) return null;
  const difference = value - before;
  const sign = difference > 0 ? "+" : "−";
  const absolute = `${sign}${row.unit ? inUnit(Math.abs(difference), row.unit) : number(Number(Math.abs(difference).toPrecision(4)))}`;
  const percent = before === 0 ? "" : `${sign}${number(Number(Math.abs((difference / before) * 100).toPrecision(3)))} %`;
  const words = { percent: percent || absolute, both: [absolute, percent].filter(Boolean).join(", ") }[delta] ?? absolute;
  const tone = row.kind === "metric" ? (Math.sign(difference) === direction(row) ? "good" : "bad") : "";
  return node("span", { class: `delta ${tone}` }, words);
}
