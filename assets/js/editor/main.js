/* The editor of sections, of postmortems and of the strategy: text boxes become CodeMirror, each saves itself on a pause,
   hints stand beside the words where the page has room for them.
   What it needs to know stands in the page as JSON (#write-data); the forms work without it. */
import { on } from "../dom.js";
import { formats, rove } from "./format.js";
import { Hints } from "./hints.js";
import { pictures } from "./pictures.js";
import { Preview } from "./preview.js";
import { Section } from "./section.js";

const page = document.querySelector("[data-write]");
const data = JSON.parse(document.getElementById("write-data").textContent);
const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
const sections = new Map();
const texts = () => Object.fromEntries([...sections].map(([key, section]) => [key, section.text]));

/** Sends a form to an address of ours and asks for JSON. Rejects where nobody answers. */
function post(url, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token }, signal: AbortSignal.timeout(20_000) });
}

const hints = data.check_url ? new Hints(page, data, sections, post, texts) : null;
const preview = new Preview(page, data, post, texts);
let current;

for (const form of page.querySelectorAll("form[data-section]")) {
  const key = form.dataset.section;
  sections.set(key, new Section(form, data, post, {
    changed() { hints?.soon(); preview.soon(); },
    focused(section) { show(section); },
    saved: ask,
    files: (section, files) => pictures(section, files, data, post),
  }));
}
current = sections.values().next().value;
hints?.place(data.hints);

// Toolbar

const toolbar = page.querySelector("[data-toolbar]");
toolbar.hidden = false;
rove(toolbar);
// A button of the toolbar leaves the focus in the text.
on("mousedown", "[data-format]", (button, event) => event.preventDefault());
on("click", "[data-format]", (button) => {
  if (button.dataset.format === "picture") page.querySelector("[data-picture]").click();
  else formats[button.dataset.format](current.view);
});
on("change", "[data-picture]", (input) => {
  pictures(current, [...input.files], data, post);
  input.value = "";
});
on("click", "[data-view]", (button) => preview.show(button.dataset.view));

// Outline: which section one is in, and what others saved meanwhile

const outline = () => page.querySelector("[data-outline]");

function show(section) {
  current = section;
  for (const link of outline().querySelectorAll("a")) {
    if (link.hash === `#${section.key}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function ask() {
  outline().dispatchEvent(new Event("live"));
}

document.addEventListener("htmx:afterSettle", async ({ detail }) => {
  if (detail.target.id !== outline()?.id) return;
  show(current);
  const newer = [...outline().querySelectorAll("[data-version]")].filter((row) => Number(row.dataset.version) > sections.get(row.dataset.liveRow)?.version);
  if (!newer.length) return;
  const answer = await fetch(data.texts_url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const saved = (await answer.json()).sections;
  for (const [key, section] of sections) if (saved[key]) section.savedElsewhere(saved[key]);
  hints?.soon();
});

window.addEventListener("beforeunload", (event) => {
  if ([...sections.values()].some((section) => section.isDirty)) event.preventDefault();
});
window.addEventListener("online", () => { for (const section of sections.values()) section.save(); });
