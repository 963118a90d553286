// Keys of reviewers: j k between requests, a r c to decide and comment, ? for the legend; choosing several in the queue.
const queue = document.querySelector("form.queue");
const keys = document.querySelector("dialog.keys");

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) && target.type !== "checkbox";
}

function titles() {
  return [...document.querySelectorAll("li.request a.title")];
}

function focused() {
  return document.activeElement?.closest("li.request");
}

function move(by) {
  const list = titles();
  if (!list.length) return;
  const at = list.indexOf(focused()?.querySelector("a.title"));
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
  list[next].focus();
  list[next].closest("li").scrollIntoView({ block: "nearest" });
}

function showChosen() {
  const chosen = queue.querySelectorAll("[name=request]:checked").length;
  queue.querySelector(".bulk").hidden = chosen === 0;
  queue.querySelector(".chosen").textContent = `${chosen} chosen`;
}

function choose() {
  const box = focused()?.querySelector("[name=request]");
  if (!box) return false;
  box.checked = !box.checked;
  showChosen();
  return true;
}

// In the queue, what is to be decided is what is chosen, or else the request that the keys stand on.
function decideChosen(decision) {
  if (!queue.querySelector("[name=request]:checked") && !choose()) return;
  const button = queue.querySelector(`[value=${decision}]`);
  (decision === "reject" ? queue.querySelector("[name=comment]") : button).focus();
}

function go(selector) {
  document.querySelector(selector)?.click();
}

function focusOn(selector) {
  const found = document.querySelector(selector);
  found?.focus();
  found?.scrollIntoView({ block: "center" });
}

const ofQueue = {
  j: () => move(1),
  k: () => move(-1),
  x: choose,
  a: () => decideChosen("approve"),
  r: () => decideChosen("reject"),
  c: () => { if (focused()) location.assign(`${focused().querySelector("a.title").href}#new-comment`); },
};
const ofReview = {
  j: () => go(".page-head a[rel=next]"),
  k: () => go(".page-head a[rel=prev]"),
  u: () => go("a.to-queue"),
  a: () => focusOn("#decide .approve"),
  r: () => focusOn("#decide textarea[name=comment]"),
  c: () => focusOn("#new-comment"),
};
const meanings = document.querySelector("#decide") ? ofReview : ofQueue;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?" && keys) {
    event.preventDefault();
    keys.showModal();
    return;
  }
  const meaning = meanings[event.key];
  if (!meaning || (meanings === ofQueue && !queue)) return;
  event.preventDefault();
  meaning();
});

document.addEventListener("click", (event) => {
  if (event.target.closest(".shows-keys")) keys.showModal();
  if (event.target === keys) keys.close();
});

// A name that is begun with @ in a comment is completed from those who take part; Tab leads to the names.
const area = document.querySelector("#new-comment");
const naming = document.querySelector(".naming");
const BEGUN = /(?:^|[^\w@])@([\w.+-]*)$/;

function showNames() {
  const end = area.selectionStart;
  const begun = BEGUN.exec(area.value.slice(0, end))?.[1];
  const fitting = begun === undefined ? [] : naming.dataset.names.split(",")
    .filter((name) => name !== begun && name.toLowerCase().startsWith(begun.toLowerCase())).slice(0, 6);
  naming.replaceChildren(...fitting.map((name) => nameButton(name, end - begun.length, end)));
  naming.hidden = !fitting.length;
}

function nameButton(name, from, to) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tag";
  button.textContent = `@${name}`;
  button.addEventListener("click", () => {
    area.setRangeText(`${name} `, from, to, "end");
    naming.hidden = true;
    area.focus();
  });
  return button;
}

if (area && naming) {
  area.addEventListener("input", showNames);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") naming.hidden = true; });
}

if (queue) {
  queue.addEventListener("change", showChosen);
  window.addEventListener("pageshow", showChosen); // a page that is gone back to keeps its choice
}
if (location.hash === "#new-comment") focusOn("#new-comment");
