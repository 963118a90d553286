// The filter box: completes keys, operators and statuses, and shows where it was not understood.
const box = document.querySelector(".filter-box");
const input = box?.querySelector("input");
const list = box?.querySelector(".completions");
const OPERATORS = {
  metrics: ["<", ">", "=", "!=", "<=", ">="],
  params: ["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"],
  tags: ["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"],
  attributes: ["=", "!=", "<", ">", "LIKE", "ILIKE"],
};
const MOST = 30;
const PLAIN = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
// The end of what was typed: a key that has begun, a whole key, or a key with its operator.
const KEY = /(?:[\w.]+|(?:metrics|params|tags)\.(?:`[^`]*`?|"[^"]*"?))$/;
const WHOLE = /((?:(metrics|params|tags|attributes)\.)?(?:`[^`]+`|"[^"]+"|[\w.]+))\s+$/;
const STATUS = /\bstatus\s*!?=\s*('?\w*)$/;
let keys = null;
let chosen = -1;

async function known() {
  keys ??= fetch(box.dataset.keys, { headers: { Accept: "application/json" } }).then((answer) => answer.json());
  keys.catch(() => {
    keys = null; // asked again at the next key
  });
  return keys;
}

function written({ kind, key }) {
  if (kind === "attributes") return `attributes.${key}`;
  return `${kind}.${PLAIN.test(key) ? key : key.includes("`") ? `"${key}"` : `\`${key}\``}`;
}

// What could stand where the caret is: the texts, and where the text to be replaced begins.
function candidates(before, { keys, statuses }) {
  const status = STATUS.exec(before);
  if (status) {
    const begun = status[1].replace("'", "").toUpperCase();
    const fitting = statuses.filter((one) => one.startsWith(begun)).map((one) => ({ text: `'${one}'`, kind: "status" }));
    return { from: before.length - status[1].length, found: fitting };
  }
  const quotes = before.replace(/`[^`]*`?/g, "").match(/'/g)?.length ?? 0;
  if (quotes % 2) return { from: before.length, found: [] };
  const whole = WHOLE.exec(before);
  if (whole && !/\b(AND|IN|LIKE|ILIKE|NULL)\s+$/i.test(before) && !/[=<>]\s*\S+\s+$/.test(before)) {
    const operators = OPERATORS[whole[2] ?? "attributes"] ?? [];
    return { from: before.length, found: operators.map((text) => ({ text: `${text} `, kind: "operator" })) };
  }
  if (/(?:'|\d)\s+$/.test(before)) return { from: before.length, found: [{ text: "AND ", kind: "and" }] };
  if (/[=<>]\s*[\d.]*$/.test(before)) return { from: before.length, found: [] };
  const begun = KEY.exec(before)?.[0] ?? "";
  const words = begun.toLowerCase().replace(/[`"]/g, "");
  const fitting = keys.filter((one) => `${one.kind}.${one.key}`.toLowerCase().includes(words));
  fitting.sort((one, other) => rank(one, words) - rank(other, words));
  return {
    from: before.length - begun.length,
    found: fitting.slice(0, MOST).map((one) => ({ text: `${written(one)} `, kind: one.kind.replace(/s$/, "") })),
  };
}

function rank({ kind, key }, words) {
  if (`${kind}.${key}`.toLowerCase().startsWith(words)) return 0;
  return key.toLowerCase().startsWith(words) ? 1 : 2;
}

async function offer() {
  const all = await known();
  const { from, found } = candidates(input.value.slice(0, input.selectionStart), all);
  chosen = -1;
  list.replaceChildren(...found.map(({ text, kind }, index) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.id = `completion-${index}`;
    const name = document.createElement("bdi");
    name.textContent = text.trim();
    const about = document.createElement("span");
    about.className = "kind";
    about.textContent = kind;
    option.append(name, about);
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(from, text);
    });
    option.take = () => take(from, text);
    return option;
  }));
  open(found.length > 0 && document.activeElement === input);
}

function open(isOpen) {
  list.hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) input.removeAttribute("aria-activedescendant");
}

function take(from, text) {
  input.setRangeText(text, from, input.selectionStart, "end");
  input.focus();
  offer();
}

function move(by) {
  const options = [...list.children];
  chosen = (chosen + by + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", options[chosen].id);
}

if (input) {
  input.addEventListener("input", offer);
  input.addEventListener("focus", () => known());
  input.addEventListener("click", offer);
  input.addEventListener("blur", () => open(false));
  // Somebody was faster than this script.
  if (document.activeElement === input && input.value !== input.defaultValue) offer();
  input.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      offer();
    } else if (list.hidden) {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        offer();
      }
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].take();
    } else if (event.key === "Escape") {
      event.preventDefault();
      open(false);
    }
  });
  const at = Number(input.dataset.at ?? -1);
  if (at >= 0) {
    input.focus();
    input.setSelectionRange(at, at + Number(input.dataset.length));
  }
}
