// A menu in which several things are chosen, with a search where there are many.
import { getAll, set } from "./state.js";
import { node, user } from "./words.js";

const MANY = 12;
const MOST = 200;

// `groups` are pairs of a title and choices ({value, words}). Returns what is chosen now.
export function setUpPicker(details, groups, otherwise) {
  const { picker: name, noun } = details.dataset;
  const items = details.querySelector(".menu-items");
  const summary = details.querySelector("summary");
  const all = groups.flatMap(([, choices]) => choices);
  const known = new Set(all.map((choice) => choice.value));
  const chosen = () => {
    const asked = getAll(name).filter((value) => known.has(value));
    return asked.length ? asked : otherwise;
  };
  const count = () => (summary.textContent = `${noun[0].toUpperCase()}${noun.slice(1)} (${chosen().length})`);
  const search = node("input", {
    type: "search",
    class: "field-input",
    "aria-label": `Search ${noun}`,
    placeholder: "Search",
    oninput: list,
  });
  const choices = node("div");

  function list() {
    const words = search.value.trim().toLowerCase();
    let left = MOST;
    choices.replaceChildren();
    for (const [title, group] of groups) {
      const found = group.filter((choice) => choice.words.toLowerCase().includes(words)).slice(0, left);
      left -= found.length;
      if (found.length) choices.append(node("h3", {}, title), ...found.map(choiceLine));
    }
    if (left === 0) choices.append(node("p", { class: "muted" }, `The first ${MOST}; search for others.`));
  }

  function choiceLine(choice) {
    const box = node("input", { type: "checkbox" });
    box.checked = chosen().includes(choice.value);
    box.addEventListener("change", () => {
      const rest = chosen().filter((value) => value !== choice.value);
      set({ [name]: box.checked ? [...rest, choice.value] : rest });
      box.checked = chosen().includes(choice.value);
      count();
    });
    return node("label", {}, box, node("span", {}, user(choice.words)));
  }

  if (all.length > MANY) items.append(search);
  items.append(choices);
  details.addEventListener("toggle", () => details.open && list());
  count();
  return chosen;
}
