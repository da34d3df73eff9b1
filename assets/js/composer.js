/* form[data-compose]: writing into the timeline of an incident, fast. Ctrl+Enter posts and the focus stays; files are
   pasted or dropped as well as chosen; what was posted is in the timeline at once. Without script it is a plain form. */
import htmx from "htmx.org";

import { announce, element, on } from "./dom.js";
import { forget } from "./drafts.js";
import { toast } from "./toasts.js";

const MB = 1_000_000;
const filesOf = (form) => form.querySelector("input[type=file]");

on("keydown", "[data-compose]", (form, event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit();
});

/* The server says that something was noted: the timeline of the page, and its five times, are asked for anew. */
document.addEventListener("incidents:noted", ({ detail }) => {
  if (detail.elt.matches("[data-compose]")) forget(detail.elt);
  for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "live");
  if (detail.said) announce(detail.said);
});

// Files

on("paste", "[data-compose]", (form, event) => {
  const pasted = [...event.clipboardData.files];
  if (!pasted.length) return;
  event.preventDefault();
  add(form, pasted);
});

on("dragover", "[data-compose]", (form, event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.dataset.drop = "";
});
on("dragleave", "[data-compose]", (form, event) => {
  if (!form.contains(event.relatedTarget)) delete form.dataset.drop;
});
on("drop", "[data-compose]", (form, event) => {
  delete form.dataset.drop;
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  add(form, [...event.dataTransfer.files]);
});

on("change", "[data-compose] input[type=file]", (input) => hold(input.form, [...input.files]));
on("click", "[data-chosen] button", (button) => {
  const form = button.closest("form");
  hold(form, [...filesOf(form).files].filter((_, place) => place !== Number(button.value)));
  form.querySelector("[data-compose-text]").focus();
});

const add = (form, more) => hold(form, [...filesOf(form).files, ...more]);

/** What the form sends is what is in its input; a file that is too large is told now, and not after it was sent. */
function hold(form, files) {
  const most = Number(form.dataset.mostMb);
  for (const { name, size } of files.filter(({ size }) => size > most * MB)) {
    toast(`${name} has ${(size / MB).toFixed(1)} MB, and at most ${most} MB are taken. Make it smaller.`);
  }
  const held = new DataTransfer();
  for (const file of files.filter(({ size }) => size <= most * MB)) held.items.add(file);
  filesOf(form).files = held.files;
  list(form);
}

function list(form) {
  const chosen = form.querySelector("[data-chosen]");
  chosen.replaceChildren(...[...filesOf(form).files].map(line));
  chosen.hidden = !chosen.children.length;
}

function line({ name, size }, place) {
  const remove = element("button", { type: "button", value: place, "aria-label": `Leave out ${name}` }, "×");
  return element("li", {}, `${name}, ${size < MB / 10 ? `${Math.ceil(size / 1000)} kB` : `${(size / MB).toFixed(1)} MB`}`, remove);
}

/* A refused form comes back from the server, which cannot give files back. */
let kept = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.matches("[data-compose]")) kept = detail.xhr.status === 422 ? [...filesOf(detail.target).files] : null;
});
document.addEventListener("htmx:afterSettle", () => {
  const form = document.querySelector("[data-compose]");
  if (!form || !kept) return;
  hold(form, kept);
  kept = null;
});

// When it happened

on("input", "[data-compose]", (form) => {
  const { value } = form.elements.happened_at;
  const [day, time] = value.split("T");
  const today = new Date().toLocaleDateString("sv");
  form.querySelector("[data-happened]").textContent = value ? `happened ${time}${day === today ? "" : ` on ${day}`}` : "happened now";
});

/* form[data-how]: of the fields that say how well a time is known, those of the chosen way are shown. */
const FIELDS = { about: ["give_or_take"], interval: ["until"], exact: [], unknown: [] };

function show(form) {
  const how = form.elements.how.value;
  for (const name of ["give_or_take", "until"]) {
    form.elements[name].closest(".gw-form-field").hidden = !FIELDS[how].includes(name);
  }
}

on("change", "form[data-how] [name=how]", ({ form }) => show(form));
document.querySelectorAll("form[data-how]").forEach(show);
