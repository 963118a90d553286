// What every page does: search by keys, copy, menus that close, times that stay true.
const section = document.querySelector(".sections [aria-current]");
if (section) section.parentElement.scrollLeft = section.offsetLeft - section.parentElement.offsetLeft; // a phone shows three

const palette = document.querySelector("dialog.palette");
const words = palette?.querySelector("input");

function openPalette() {
  if (palette.open) return;
  palette.showModal();
  words.select();
}

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

document.addEventListener("keydown", (event) => {
  const asked = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !isTyping(event.target));
  if (palette && asked) {
    event.preventDefault();
    openPalette();
  }
});

palette?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault(); // a search field would only be emptied by it
    words.blur(); // or it counts as where one types until the next frame, and the next "/" is not heard
    palette.close();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const places = [words, ...palette.querySelectorAll(".hits a")];
  const next = places.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  places[(next + places.length) % places.length].focus();
});

words?.addEventListener("keydown", (event) => {
  const first = palette.querySelector(".hits a");
  if (event.key === "Enter" && first) {
    event.preventDefault();
    first.click();
  }
});

document.addEventListener("click", async (event) => {
  if (event.target.closest(".search-opener")) openPalette();
  if (event.target === palette) palette.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const copier = event.target.closest("button.copy");
  if (copier) {
    await navigator.clipboard.writeText(copier.parentElement.querySelector("pre, code, input").textContent);
    copier.textContent = "Copied";
    setTimeout(() => (copier.textContent = "Copy"), 1500);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A choice that is sent as soon as it is made; without scripts, the button beside it sends it.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// "3 min ago" grows old while the page is open.
function spoken(seconds) {
  const steps = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  if (Math.abs(seconds) < 45) return "just now";
  const [size, unit] = steps.find(([size]) => Math.abs(seconds) >= size);
  const many = Math.floor(Math.abs(seconds) / size);
  return seconds >= 0 ? `${many} ${unit} ago` : `in ${many} ${unit}`;
}

setInterval(() => {
  for (const time of document.querySelectorAll("time.when")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (Math.abs(seconds) < 60 * 86400) time.textContent = spoken(seconds);
  }
}, 20000);

// htmx writes what was refused where the answer would have gone.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.status < 500) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
