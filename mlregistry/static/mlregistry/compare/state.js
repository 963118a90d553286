// What the reader chose, kept in the address, so that it can be sent to somebody else.
//
// Controls with data-state="name" are bound to the parameter of that name. Whoever draws listens with `onChange`.

// How long a control rests before what it shows is taken: browsers count how often an address is written.
const PAUSE_MS = { search: 150, range: 60 };
const listeners = new Set();

const asked = () => new URLSearchParams(location.search);

export const get = (name) => asked().get(name) ?? "";
export const getAll = (name) => asked().getAll(name);

// Each of `changes` is a value, a list of values, or empty to forget the parameter.
export function set(changes) {
  const parameters = asked();
  for (const [name, value] of Object.entries(changes)) {
    parameters.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) parameters.append(name, one);
  }
  history.replaceState(null, "", `?${parameters}`);
  for (const listener of listeners) listener();
}

export const onChange = (listener) => listeners.add(listener);

function read(control) {
  if (control.type === "checkbox") return control.checked ? "1" : "";
  return control.type === "range" && Number(control.value) === 0 ? "" : control.value;
}

// Shows what the address says, or `otherwise`, in every control; and writes what is chosen there into the address.
export function bind(root, otherwise) {
  for (const control of root.querySelectorAll("[data-state]")) {
    const name = control.dataset.state;
    const value = get(name) || otherwise[name] || "";
    if (control.type === "checkbox") control.checked = value === "1";
    else if (control.type === "range") control.value = value || "0";
    else control.value = value;
    if (control.tagName === "SELECT" && control.selectedIndex < 0) control.selectedIndex = 0;
    const write = () => set({ [name]: read(control) });
    let pause;
    control.addEventListener("input", () => {
      clearTimeout(pause);
      if (control.type in PAUSE_MS) pause = setTimeout(write, PAUSE_MS[control.type]);
      else write();
    });
  }
}

// What a control shows, whether it was chosen or is what the page begins with.
export const shown = (name) => {
  const control = document.querySelector(`[data-state="${name}"]`);
  return read(control);
};

// The runs of the address, and the address with others.
export function withRuns(runs) {
  const parameters = asked();
  for (const name of ["run", "find", "add", "without"]) parameters.delete(name);
  const rest = parameters.toString();
  return `?${runs.map((run) => `run=${encodeURIComponent(run)}`).join("&")}${rest && `&${rest}`}`;
}
