// Keys of the list of notices: j k between them, m marks one as read, ? for the legend; opening one marks it as read.
const keys = document.querySelector("dialog.keys");
let stoodAt = -1; // where the keys were when a row was written anew under them

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

function focused() {
  return document.activeElement?.closest("li.told");
}

function move(by) {
  const list = [...document.querySelectorAll("li.told a.title")];
  if (!list.length) return;
  const standing = list.indexOf(focused()?.querySelector("a.title"));
  const at = standing < 0 ? stoodAt : standing;
  stoodAt = -1;
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
  list[next].focus();
  list[next].closest("li").scrollIntoView({ block: "nearest" });
}

function markRead() {
  const item = focused();
  const form = item?.querySelector("form.mark-read");
  if (!form) return;
  stoodAt = [...item.parentElement.children].indexOf(item);
  form.requestSubmit();
}

// The page that is opened has another address, so what marks it as read has to outlive this one.
function opened(event) {
  const form = event.target.closest("li.told a.title")?.closest("li").querySelector("form.mark-read");
  if (form && event.button < 2) fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" });
}

const meanings = { j: () => move(1), k: () => move(-1), m: markRead };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    keys.showModal();
  } else if (meanings[event.key]) {
    event.preventDefault();
    meanings[event.key]();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest(".shows-keys")) keys.showModal();
  if (event.target === keys) keys.close();
  opened(event);
});
document.addEventListener("auxclick", opened);
document.addEventListener("htmx:afterSettle", () => {
  if (stoodAt >= 0 && !focused()) document.querySelectorAll("li.told a.title")[stoodAt]?.focus();
});
