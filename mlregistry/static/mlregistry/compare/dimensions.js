// What was logged, as things that can be axes, colours and groups. A dimension's `at(run)` is a number, a text or null.

const KINDS = { metric: "Metrics", param: "Params", attribute: "Attributes", tag: "Tags", system: "System tags" };
const LIKELY = /acc|auc|f1|loss|rmse|mae|mse|r2|score|reward|perplex|bleu|rouge|map|iou/i;
const HELD_OUT = /val|test|eval|dev/i;
const AT_THE_END = /test|best|final/i;
const CHANCE = /seed|random_state/i;
const LARGEST = Number.MAX_VALUE;
const LOWER = /loss|err|rmse|mae|mse|mape|perplex|latency|cost|brier|wer$|cer$|fid|divergence|(^|_)(time|duration)/i;

export const kinds = KINDS;
export const isLowerByName = (key) => LOWER.test(key);
export const finite = (value) => typeof value === "number" && Number.isFinite(value);

const asNumber = (text) => (text.trim() === "" ? NaN : Number(text));

export function dimensionsOf(rows) {
  return Object.keys(KINDS).flatMap((kind) => rows.filter((row) => row.kind === kind).map((row) => dimensionOf(row)));
}

function dimensionOf(row) {
  const id = `${row.kind}:${row.key}`;
  if (row.numbers) {
    // JSON has no word for what is not finite, so it comes as a text; infinities are kept as the largest number.
    const values = row.numbers.map((value) => (value === null ? null : unbounded(Number(value))));
    return made(row, id, values, values.some(finite));
  }
  const texts = row.of.map((place) => (place === null ? null : row.values[place]));
  const present = row.values.length > 0 && ["param", "tag"].includes(row.kind);
  const isNumeric = present && row.values.every((value) => Number.isFinite(asNumber(value)));
  return made(row, id, isNumeric ? texts.map((text) => (text === null ? null : asNumber(text))) : texts, isNumeric, texts);
}

const unbounded = (value) => (Math.abs(value) < LARGEST ? value : value * 2);

function made(row, id, values, isNumeric, texts = null) {
  const cells = texts ? row.of : values.map((value) => (value === null ? null : String(value)));
  const differs = new Set(cells).size > 1;
  return {
    id,
    kind: row.kind,
    key: row.key,
    unit: row.unit ?? "",
    steps: row.steps,
    cells,
    texts,
    isNumeric,
    differs,
    at: (run) => values[run],
    values,
  };
}

export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!finite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

// Whether values spread over magnitudes, as learning rates do.
export function spreadsOverMagnitudes(dimension) {
  const [low, high] = extent(dimension.values);
  return low > 0 && high / low >= 100;
}

export const isLog = (choice, dimension) =>
  dimension.isNumeric &&
  extent(dimension.values)[0] > 0 &&
  (choice === "log" || (choice === "" && dimension.unit !== "time" && spreadsOverMagnitudes(dimension)));

// What the charts show until somebody chooses: params that differ, and the metrics that most runs have.
export function firstChoices(dimensions) {
  const numbers = (kind) => dimensions.filter((one) => one.kind === kind && one.isNumeric && one.differs);
  const logged = (one) => one.values.filter(finite).length;
  const likely = (one) => (LIKELY.test(one.key) ? 2 : 0) + (HELD_OUT.test(one.key) ? 1 : 0);
  const followed = (one) => likely(one) - (AT_THE_END.test(one.key) ? 9 : 0);
  const metrics = numbers("metric").sort((one, other) => logged(other) - logged(one) || likely(other) - likely(one));
  const variety = (one) => (CHANCE.test(one.key) ? 0 : new Set(one.values).size);
  const params = numbers("param").sort((one, other) => variety(other) - variety(one));
  const apart = dimensions.filter((one) => one.kind === "param" && one.differs && !CHANCE.test(one.key));
  const histories = dimensions.filter((one) => one.kind === "metric" && one.steps?.some((step) => step > 0));
  const groups = [...apart].sort((one, other) => new Set(one.cells).size - new Set(other.cells).size);
  const any = dimensions.filter((one) => one.isNumeric);
  const metric = metrics[0] ?? any[0];
  const x = params.find((one) => spreadsOverMagnitudes(one)) ?? params[0] ?? metrics[1] ?? any[1] ?? metric;
  const y = params.find((one) => one !== x) ?? metrics.find((one) => one !== metric) ?? metric;
  return {
    x: x?.id,
    y: metric?.id,
    pcolour: metric?.id,
    bmetric: metric?.id,
    bgroup: (groups[0] ?? dimensions[0])?.id,
    cx: x?.id,
    cy: y?.id,
    cz: metric?.id,
    axes: [...apart.slice(0, 6), ...metrics.slice(0, 3).reverse()].map((one) => one.id),
    curve: histories
      .sort((one, other) => followed(other) - followed(one))
      .slice(0, 2)
      .map((one) => one.key),
  };
}

// Choices for a select, in groups.
export function fillSelect(select, dimensions) {
  for (const [kind, title] of Object.entries(KINDS)) {
    const found = dimensions.filter((one) => one.kind === kind);
    if (!found.length) continue;
    const group = document.createElement("optgroup");
    group.label = title;
    for (const one of found) group.append(new Option(one.key, one.id));
    select.append(group);
  }
}
