/* Drafts: what is typed into a form[data-unsaved] stays in this tab until it is saved, also when signing in or a server
   that is away comes between. Its page offers it again; hidden fields come along, so a conflict is still seen.
   What is typed into a form[data-kept] is put back without asking, until forget() says that it went through. */
import { on } from "./dom.js";

const TOKEN = "csrfmiddlewaretoken";
const DRAFTED = "form[data-unsaved], form[data-kept]";
const TEXTLESS = ["version", "base"];
const reader = document.body.dataset.reader;
const pathOf = (form) => new URL(form.action, window.location).pathname;
const keyFor = (path) => `draft:${reader}:${path}`;
const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith("draft:"));
const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");

function write(key, draft) {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    /* No room: the form works as it does without drafts. */
  }
}

function valuesOf(form) {
  const secret = new Set([TOKEN, ...[...form.querySelectorAll("[type=password]")].map((field) => field.name)]);
  return [...new FormData(form)].filter(([name, value]) => !secret.has(name) && typeof value === "string");
}

const textOf = (values) => JSON.stringify(values.filter(([name]) => !TEXTLESS.includes(name)));

function putBack(form, values) {
  const left = [...values];
  for (const field of form.elements) {
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = values.some(([name, value]) => name === field.name && value === field.value);
    } else {
      const at = left.findIndex(([name]) => name === field.name);
      if (at >= 0) field.value = left.splice(at, 1)[0][1];
    }
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function offer(form) {
  const key = keyFor(pathOf(form));
  const draft = read(key);
  if (!draft || textOf(draft.values) === textOf(valuesOf(form))) return;
  if (form.matches("[data-kept]")) return putBack(form, draft.values);
  const note = form.querySelector("[data-draft]");
  if (!note) return;
  note.hidden = false;
  note.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-draft-act]")?.dataset.draftAct;
    if (!act) return;
    if (act === "put-back") putBack(form, draft.values);
    else sessionStorage.removeItem(key);
    note.hidden = true;
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
}

/* A page of the portal other than the one that was sent to says that the form went through. */
function tidy() {
  for (const key of keys()) {
    const draft = read(key);
    if (!reader) write(key, { ...draft, sent: false });
    else if (!key.startsWith(`draft:${reader}:`)) sessionStorage.removeItem(key);
    else if (draft.sent && !key.endsWith(`:${window.location.pathname}`)) sessionStorage.removeItem(key);
  }
}

let pause;
on("input", DRAFTED, (form) => {
  clearTimeout(pause);
  pause = setTimeout(() => write(keyFor(pathOf(form)), { values: valuesOf(form), sent: false }), 300);
});

on("submit", "form[method=post]", (form) => {
  clearTimeout(pause);
  const path = pathOf(form);
  const sent = !form.matches("[data-kept]");
  if (form.matches(DRAFTED)) write(keyFor(path), { values: valuesOf(form), sent });
  for (const key of keys()) {
    if (path.endsWith("/logout/")) sessionStorage.removeItem(key);
    else if (sent && key.endsWith(`:${path}`)) write(key, { ...read(key), sent });
  }
});

/** The form[data-kept] went through. */
export function forget(form) {
  clearTimeout(pause);
  sessionStorage.removeItem(keyFor(pathOf(form)));
}

tidy();
document.querySelectorAll(DRAFTED).forEach(offer);
