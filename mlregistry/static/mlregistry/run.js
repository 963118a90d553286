// Tables that are searched as one types, and which file of the tree is shown.
document.addEventListener("input", (event) => {
  const table = event.target.dataset.filters && document.getElementById(event.target.dataset.filters);
  if (!table) return;
  const words = event.target.value.toLowerCase();
  for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(words);
});

document.addEventListener("click", (event) => {
  const file = event.target.closest("a[data-file]");
  if (!file) return;
  for (const current of file.closest(".tree").querySelectorAll("[aria-current]")) current.removeAttribute("aria-current");
  file.setAttribute("aria-current", "true");
});

// A list that is fetched anew while somebody looks for something in it, or looks further down, is left as it is.
document.addEventListener("htmx:beforeRequest", (event) => {
  const panel = event.target;
  if (panel.id !== "metrics-panel") return;
  const search = panel.querySelector("input");
  if (search?.value || panel.querySelector(".tall")?.scrollTop) event.preventDefault();
});

// A field that opens is there to be typed in.
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.matches("details.edit, details.rename")) {
    event.target.querySelector("textarea, input:not([type=hidden])")?.focus();
  }
}, true);
