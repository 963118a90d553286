// The table of runs: choosing, unfolding, and rows that stay chosen when they are written anew.
import "./runs_chart.js";
import "./runs_filter.js";

const form = document.querySelector("#selection");
const bar = form?.querySelector(".selection-bar");
let last = null;

const boxes = () => [...form.querySelectorAll('tbody input[name="run"]')];
const isSeen = (box) => !box.closest("tr").hidden;

function told() {
  const chosen = boxes().filter((box) => box.checked);
  bar.hidden = chosen.length === 0;
  for (const box of boxes()) box.closest("tr").classList.toggle("chosen", box.checked);
  const all = form.querySelector("#choose-all");
  const seen = boxes().filter(isSeen);
  all.checked = seen.length > 0 && seen.every((box) => box.checked);
  all.indeterminate = !all.checked && chosen.length > 0;
  const isAll = offeredAll(all.checked);
  bar.querySelector(".selected-count").textContent = isAll ? "All that match selected" : `${chosen.length} selected`;
}

// Once the whole page is chosen, so can be what matches beyond it. Says whether it is.
function offeredAll(isWholePage) {
  const offer = bar.querySelector(".choose-matching");
  if (!offer) return false;
  const box = offer.querySelector("input");
  if (!isWholePage) box.checked = false;
  offer.hidden = !isWholePage;
  bar.querySelector(".for-some").hidden = box.checked;
  return box.checked;
}

function chooseUpTo(box) {
  const seen = boxes().filter(isSeen);
  const [from, to] = [seen.indexOf(last), seen.indexOf(box)].sort((one, other) => one - other);
  if (from >= 0) for (const between of seen.slice(from, to + 1)) between.checked = box.checked;
}

// Rows below `name`, and those below them.
function inside(name) {
  const own = [...form.querySelectorAll(`tr[data-inside="${CSS.escape(name)}"]`)];
  return own.flatMap((row) => {
    const fold = row.querySelector("a.fold[data-inside]");
    return [row, ...(fold ? inside(fold.dataset.inside) : [])];
  });
}

function fold(link) {
  const isOpen = link.getAttribute("aria-expanded") === "true";
  link.setAttribute("aria-expanded", String(!isOpen));
  const name = link.dataset.inside;
  const there = form.querySelectorAll(`tr[data-inside="${CSS.escape(name)}"]`);
  if (isOpen) {
    for (const row of inside(name)) {
      row.hidden = true;
      row.querySelector("a.fold")?.setAttribute("aria-expanded", "false");
    }
  } else if (there.length) {
    for (const row of there) row.hidden = false;
  } else {
    const row = link.closest("tr");
    const depth = Number(/depth-(\d)/.exec(row.className)?.[1] ?? 0) + 1;
    const nested = `${form.dataset.rows}&parent=${name}&inside=${name}&depth=${depth}`;
    window.htmx.ajax("GET", link.dataset.rows ?? nested, { target: row, swap: "afterend" });
  }
}

if (form) {
  form.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="run"]');
    if (box) {
      if (event.shiftKey && last) chooseUpTo(box);
      last = box;
      told();
    }
    const link = event.target.closest("a.fold");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      fold(link);
    }
  });
  form.querySelector("#choose-all").addEventListener("change", (event) => {
    for (const box of boxes().filter(isSeen)) box.checked = event.target.checked;
    told();
  });
  bar.querySelector(".choose-matching")?.addEventListener("change", told);
  form.addEventListener("reset", () => setTimeout(told));
  // Enter in a field of the bar does what the field's own button says, not what the first one of the form does.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches(".menu-form input")) return;
    event.preventDefault();
    event.target.closest(".menu-form").querySelector("button").click();
  });
  told();
}

// Rows that were unfolded are asked for together with those that the page began with.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "live") return;
  const unfolded = [...form.querySelectorAll("tr.inside[data-unfinished]")].map((row) => row.dataset.unfinished);
  const asked = new URLSearchParams(event.detail.path.split("?")[1]).getAll("run");
  const more = unfolded.filter((uuid) => !asked.includes(uuid));
  event.detail.path += more.map((uuid) => `&run=${uuid}`).join("");
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const fresh = fragment.querySelector?.("tr") ?? fragment.firstElementChild;
  if (!target?.matches("tr") || !fresh) return;
  fresh.className = target.className;
  fresh.hidden = target.hidden;
  if (target.dataset.inside) fresh.dataset.inside = target.dataset.inside;
  const was = target.querySelector('input[name="run"]');
  const box = fresh.querySelector('input[name="run"]');
  if (was?.checked && box) box.setAttribute("checked", "");
  const link = target.querySelector("a.fold");
  if (link) fresh.querySelector("a.fold")?.setAttribute("aria-expanded", link.getAttribute("aria-expanded"));
});
document.addEventListener("htmx:afterSettle", () => form && told());

// A long list of columns is searched by letters.
document.addEventListener("input", (event) => {
  if (event.target.id !== "columns-search") return;
  const words = event.target.value.toLowerCase();
  for (const label of document.querySelectorAll(".column-lists label")) {
    label.hidden = !label.textContent.toLowerCase().includes(words);
  }
});
