/* Forms: a hint while something is unsaved, names typed before deleting, one submission at a time. */
import { on } from "./dom.js";

/* Unsaved changes: form[data-unsaved] shows its .gw-unsaved line and asks before the page is left. */
let dirty = false;
on("input", "form[data-unsaved]", (form) => {
  dirty = true;
  form.querySelector(".gw-unsaved")?.removeAttribute("hidden");
});
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

/* Two clicks on a button that writes must not write twice. */
on("submit", "form[method=post]", (form, event) => {
  if (form.dataset.sent) event.preventDefault();
  else if (!event.defaultPrevented) form.dataset.sent = "yes";
  if (form.matches("[data-unsaved]")) dirty = false;
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.addEventListener("htmx:afterRequest", ({ detail }) => { delete detail.elt.closest("form")?.dataset.sent; });

/* input[data-confirm="name"]: its form can be sent once the name is typed. The server checks it as well. */
const check = (input) => {
  input.form.querySelector("[type=submit]").disabled = input.value.trim() !== input.dataset.confirm;
};
on("input", "input[data-confirm]", check);
document.querySelectorAll("input[data-confirm]").forEach(check);

/* A field that had an error is judged again when it is left. */
on("focusout", "[data-invalid]", (part) => {
  const field = part.querySelector("input, select, textarea");
  if (!field?.checkValidity() || field.value === field.defaultValue) return;
  part.removeAttribute("data-invalid");
  field.removeAttribute("aria-invalid");
});

/* The summary of errors takes the focus when the page comes back with it. */
document.querySelector("[data-focus]")?.focus();
