// Files of the runs side by side: one path, the image or the text that each run keeps there.
import { get, set } from "./state.js";
import { bytes, node, user } from "./words.js";

const AT_ONCE = 25;
const SIDES = 12;
const MOST_TEXT = 64 * 1024;
const MOST_LINES = 2000;
const IMAGE = /\.(png|jpe?g|gif|webp|bmp|svg|avif|ico)$/i;
const TEXT =
  /(^|\/)[^./]+$|\.(txt|log|md|rst|json|jsonl|ya?ml|toml|ini|cfg|conf|csv|tsv|xml|html?|css|js|ts|py|ipynb|sh|sql|r|lock|properties)$/i;

export function setUpArtifacts(part, data) {
  const folders = new Map();
  let sides = SIDES;
  let latest = 0;
  let last = "";
  part.querySelector(".more").addEventListener("click", () => {
    sides += SIDES;
    last = "";
    draw();
  });

  async function draw() {
    const [path, now, asked] = [get("path"), (latest += 1), `${get("path")} ${get("base")}`];
    if (asked === last) return;
    last = asked;
    const folder = path.endsWith("/") || path === "" ? path.slice(0, -1) : path.split("/").slice(0, -1).join("/");
    const entries = await listed(folder);
    if (now !== latest) return;
    list(part, data, folder, entries, path);
    show(part, data, entries.get(path), path, sides);
  }

  async function listed(folder) {
    if (!folders.has(folder)) folders.set(folder, fetched(data, folder));
    return folders.get(folder).catch((error) => {
      folders.delete(folder);
      throw error;
    });
  }
  return { draw };
}

// What the folder holds in any of the runs: by path, whether it is a folder, and its size by run.
async function fetched(data, folder) {
  const entries = new Map();
  for (let from = 0; from < data.runs.length; from += AT_ONCE) {
    const runs = data.runs.slice(from, from + AT_ONCE).map((run) => ["run", run.id]);
    const answer = await fetch(`${data.addresses.files}?${new URLSearchParams([...runs, ["folder", folder]])}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status} for the files`);
    for (const [run, files] of Object.entries((await answer.json()).runs)) {
      for (const file of files) {
        const path = file.folder ? `${file.path}/` : file.path;
        if (!entries.has(path)) entries.set(path, { path, isFolder: file.folder, sizes: new Map() });
        entries.get(path).sizes.set(run, file.size);
      }
    }
  }
  return entries;
}

function list(part, data, folder, entries, path) {
  const names = folder ? folder.split("/") : [];
  const step = (words, to) => node("button", { type: "button", onclick: () => set({ path: to }) }, words);
  const trail = names.flatMap((name, nth) => [" / ", step(user(name), `${names.slice(0, nth + 1).join("/")}/`)]);
  part.querySelector(".trail").replaceChildren(step("All files", ""), ...trail);
  const sorted = [...entries.values()].sort((one, other) => other.isFolder - one.isFolder || one.path.localeCompare(other.path));
  const items = sorted.map((entry) => {
    const name = entry.path.slice(folder ? folder.length + 1 : 0);
    const count = entry.sizes.size === data.runs.length ? "all runs" : `${entry.sizes.size} of ${data.runs.length}`;
    const current = entry.path === path ? { "aria-current": "true" } : {};
    return node(
      "li",
      {},
      node(
        "button",
        { type: "button", ...current, onclick: () => set({ path: entry.path }) },
        node("span", { "aria-hidden": "true" }, entry.isFolder ? "▸" : "·"),
        user(name),
        node("span", { class: "muted" }, count),
      ),
    );
  });
  part.querySelector(".files").replaceChildren(...(items.length ? items : [node("li", { class: "muted" }, "No files here.")]));
}

function show(part, data, entry, path, most) {
  const note = part.querySelector(".note");
  const place = part.querySelector(".sides");
  const more = part.querySelector(".more");
  more.hidden = true;
  place.replaceChildren();
  if (!entry || entry.isFolder) {
    note.textContent = path && !path.endsWith("/") ? "No run keeps a file there." : "Choose a file to see it side by side.";
    return;
  }
  const having = data.runs.map((run, nth) => ({ ...run, nth })).filter((run) => entry.sizes.has(run.id));
  const base = having.find((run) => run.id === get("base")) ?? having[0];
  const runs = [base, ...having.filter((run) => run !== base)].slice(0, most);
  const isText = !IMAGE.test(path) && TEXT.test(path);
  const marks = isText && having.length > 1 ? `Lines that the first run does not have are marked. ` : "";
  note.textContent =
    marks +
    (having.length < data.runs.length
      ? `${data.runs.length - having.length} of ${data.runs.length} runs have no such file.`
      : "");
  const figures = runs.map((run) => figure(data, run, path, entry.sizes.get(run.id)));
  place.append(...figures.map((one) => one.element));
  if (isText) compareTexts(figures);
  more.hidden = having.length <= most;
}

function figure(data, run, path, size) {
  const address = `${data.addresses.artifact}?${new URLSearchParams({ run_id: run.id, path })}`;
  const swatch = node("i", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = data.colour(run.nth);
  const caption = node(
    "figcaption",
    {},
    swatch,
    node("a", { href: `${data.addresses.run}${run.id}/` }, user(run.name)),
    node("span", { class: "muted nowrap" }, bytes(size)),
  );
  const body = node("div");
  if (IMAGE.test(path)) body.append(node("img", { src: address, alt: `${path} of ${run.name.slice(0, 60)}`, loading: "lazy" }));
  else body.append(node("p", {}, node("a", { href: address, download: true }, "Download")));
  return { element: node("figure", {}, caption, body), body, address, size };
}

async function compareTexts(figures) {
  const texts = await Promise.all(figures.map((one) => text(one).catch(() => null)));
  const first = new Set(texts[0]?.lines ?? []);
  for (const [nth, found] of texts.entries()) {
    const { body } = figures[nth];
    if (found === null) {
      body.replaceChildren(node("p", { class: "muted" }, "This file could not be read."));
      continue;
    }
    const lines = found.lines.map((line) => node("span", { class: first.has(line) ? "" : "differs" }, line));
    const cut =
      found.isCut &&
      node(
        "p",
        { class: "muted" },
        `The first ${bytes(MOST_TEXT)}. `,
        node("a", { href: figures[nth].address, download: true }, "Download all"),
      );
    body.replaceChildren(
      found.lines.length ? node("pre", { tabindex: "0" }, ...lines) : node("p", { class: "muted" }, "Empty."),
      ...(cut ? [cut] : []),
    );
  }
}

async function text({ address, size }) {
  if (size === 0) return { lines: [], isCut: false };
  const answer = await fetch(address, { headers: { Range: `bytes=0-${MOST_TEXT - 1}` } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const lines = (await answer.text()).replace(/\n$/, "").split("\n");
  return { lines: lines.slice(0, MOST_LINES), isCut: lines.length > MOST_LINES || (size ?? 0) > MOST_TEXT };
}
