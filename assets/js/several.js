/* input[data-several]: names with commas between them become chips, each with a button that takes it away. What is sent
   stays the one text with commas, so that the server reads the same with and without script. */
import { announce, element, on } from "./dom.js";

function enhanceAll() {
  document.querySelectorAll("input[data-several]:not([type=hidden])").forEach(enhance);
}

/* The field that was there keeps the value, hidden; its label, hints and suggestions go over to the one typed into. */
function enhance(held) {
  const typed = held.cloneNode();
  typed.value = "";
  for (const name of ["name", "data-several", "required"]) typed.removeAttribute(name);
  typed.dataset.one = "";
  const chips = element("span", { class: "gw-several", role: "group", "aria-label": labelOf(held) });
  held.after(chips);
  chips.append(typed);
  held.type = "hidden";
  for (const name of ["id", "data-references", "autofocus"]) held.removeAttribute(name);
  chips.prepend(held);
  const names = held.value.split(",").map((each) => each.trim()).filter(Boolean);
  held.value = "";
  names.forEach((name) => add(typed, name));
}

const labelOf = (input) => document.querySelector(`label[for="${input.id}"]`)?.firstChild?.textContent.trim() ?? "";
const heldBy = (typed) => typed.parentElement.querySelector("input[data-several]");
const chipsOf = (typed) => [...typed.parentElement.querySelectorAll(".gw-chip")];

function add(typed, name) {
  typed.value = "";
  if (!name || chipsOf(typed).some((chip) => chip.dataset.name === name)) return keep(typed);
  const remove = element("button", { type: "button", "aria-label": `Take ${name} away` }, "×");
  typed.before(element("span", { class: "gw-chip", "data-name": name }, element("span", {}, name), remove));
  keep(typed);
}

/* What is half typed is sent too: the server says what is wrong with it. */
function keep(typed) {
  const held = heldBy(typed);
  held.value = [...chipsOf(typed).map((chip) => chip.dataset.name), typed.value.trim()].filter(Boolean).join(", ");
}

function changed(typed) {
  heldBy(typed).dispatchEvent(new Event("change", { bubbles: true }));
}

function take(typed, name) {
  add(typed, name);
  typed.list?.replaceChildren();
  changed(typed);
}

on("input", "input[data-one]", (typed, event) => {
  const isChosen = [...(typed.list?.options ?? [])].some((option) => option.value === typed.value);
  if (isChosen && !event.inputType?.startsWith("insertText")) take(typed, typed.value);
  else keep(typed);
});

on("keydown", "input[data-one]", (typed, event) => {
  const text = typed.value.trim().replace(/,$/, "");
  if ((event.key === "Enter" || event.key === ",") && text) {
    event.preventDefault();
    take(typed, text);
  } else if (event.key === "Backspace" && !typed.value) {
    const last = chipsOf(typed).at(-1);
    if (last) removeChip(last);
  }
});

on("focusout", "input[data-one]", (typed) => { if (typed.value.trim()) take(typed, typed.value.trim()); });

on("click", ".gw-several .gw-chip button", (button) => removeChip(button.closest(".gw-chip")));

function removeChip(chip) {
  const typed = chip.parentElement.querySelector("input[data-one]");
  announce(`${chip.dataset.name} is taken away.`);
  chip.remove();
  keep(typed);
  changed(typed);
  typed.focus();
}

document.addEventListener("htmx:load", enhanceAll);
enhanceAll();
