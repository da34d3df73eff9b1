/* Toasts leave after six seconds, but not while the pointer or the focus is on them; bad news stays until it is closed. */
import { element } from "./dom.js";

const SHOWN_MS = 6000;

export function toast(text, status = "bad") {
  document.getElementById("messages")?.append(element("div", { class: "gw-toast", "data-s": status }, element("span", {}, text)));
}

function start(note) {
  if (note.dataset.started) return;
  note.dataset.started = "yes";
  const close = element("button", { type: "button", class: "gw-toast-close", "aria-label": "Close" }, "×");
  close.addEventListener("click", () => note.remove());
  note.append(close);
  if (note.dataset.s === "bad") return;
  let timer;
  const leave = () => { timer = setTimeout(() => note.remove(), SHOWN_MS); };
  const stay = () => clearTimeout(timer);
  for (const type of ["pointerenter", "focusin"]) note.addEventListener(type, stay);
  for (const type of ["pointerleave", "focusout"]) note.addEventListener(type, leave);
  leave();
}

const startAll = () => document.querySelectorAll(".gw-toast").forEach(start);
new MutationObserver(startAll).observe(document.body, { childList: true, subtree: true });
startAll();
