/* Single keys (the list is templates/portal/_keys.html). They never fire in a field, in a dialog or with a modifier, and
   the profile switches them off. Ctrl-K is in palette.js. */
import { isTyping, on } from "./dom.js";
import { openPalette } from "./palette.js";

const places = { w: "/", h: "/health/", s: "/services/", a: "/apis/", r: "/resources/", t: "/teams/", p: "/people/", e: "/entities/" };
const GO_MS = 1200;
let goUntil = 0;

const actions = {
  "/": () => focusOn(document.querySelector("[data-filter-box]")) || openPalette(),
  "?": () => openDialog("keys"),
  j: () => step(1),
  k: () => step(-1),
  n: () => focusOn(document.querySelector("[data-compose-text]")),
  e: () => document.querySelector("a[data-edit]")?.click(),
  g: () => { goUntil = Date.now() + GO_MS; },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.body.dataset.singleKeys === "off" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const action = Date.now() < goUntil && event.key in places ? () => go(places[event.key]) : actions[event.key] ?? command(event.key);
  if (!action) return;
  event.preventDefault();
  goUntil = 0;
  action();
});

/** What the top bar offers for a key: a[data-key="d"]. */
function command(key) {
  const link = [...document.querySelectorAll("a[data-key]")].find((each) => each.dataset.key === key);
  return link && (() => link.click());
}

/** Goes only where the navigation of this reader leads. */
function go(address) {
  if (document.querySelector(`.gw-side a[href="${address}"]`)) window.location.assign(address);
}

/** Moves the focus to the link of the next or previous row; Enter then opens it by itself. */
function step(by) {
  const rows = [...document.querySelectorAll("main .gw-table tbody tr, main [data-url]")].filter((row) => row.querySelector("a[href]"));
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[now < 0 ? 0 : Math.min(Math.max(now + by, 0), rows.length - 1)];
  focusOn(next?.querySelector("a[href]"));
}

function focusOn(target) {
  target?.focus();
  if (target instanceof HTMLInputElement) target.select();
  return Boolean(target);
}

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return Boolean(dialog);
}

on("click", "a[data-open]", (link, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.dataset.open === "palette" ? openPalette() : openDialog(link.dataset.open)) event.preventDefault();
});
on("click", "dialog [data-close]", (button) => button.closest("dialog").close());
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
});
