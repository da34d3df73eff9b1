/* [data-live]: a part of a page that follows what happens. While the tab is seen, it is asked for every 15 seconds by
   htmx, with the ETag of what it shows; 304 leaves it alone. What changed is said politely: data-says is read out, rows
   (data-live-row) whose data-live-state is another have a tint for a moment. Focus, open folds and what is scrolled stay
   as they were. With data-live-hold rows do not move under the pointer: a button offers the news. */
import htmx from "htmx.org";

import { announce, element, on } from "./dom.js";

const EVERY_MS = 15_000;
const TINT_MS = 2_000;
const tags = new Map(); // address → ETag of what is shown
const before = new Map(); // id of a part → what it was before it changed

/** The live part that a request is for, if it is for one. */
export function livePart(detail) {
  return detail.elt?.closest?.("[data-live]") ?? null;
}

function ask() {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "live");
}

setInterval(ask, EVERY_MS);
document.addEventListener("visibilitychange", ask);

document.addEventListener("htmx:configRequest", ({ detail }) => {
  const part = livePart(detail);
  if (part && tags.has(detail.path)) detail.headers["If-None-Match"] = tags.get(detail.path);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr, pathInfo } = detail;
  const part = livePart(detail);
  if (part && !isWhole(xhr)) note(part, "");
  if (xhr.status !== 200 || isWhole(xhr)) return;
  if (part && isHeld(part)) {
    detail.shouldSwap = false;
    offer(part);
    return;
  }
  if (xhr.getResponseHeader("ETag")) tags.set(pathInfo.requestPath, xhr.getResponseHeader("ETag"));
  if (part) before.set(part.id, stateOf(part));
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const was = before.get(detail.target.id);
  const part = document.getElementById(detail.target.id);
  if (!was || !part) return;
  before.delete(part.id);
  newsOf(part)?.parentElement.remove();
  restore(part, was);
  tint(part, was.rows);
  const said = sayings(part);
  if (was.said !== said && said) announce(said);
});

for (const type of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(type, ({ detail }) => {
    const part = livePart(detail);
    if (part) note(part, "The portal does not answer. This is how it was; it is asked again.");
  });
}

/** Somebody else is signed in, or nobody: what is shown stays, and is followed no more. */
export function stop(part) {
  part.removeAttribute("data-live");
  note(part, "You are signed out, so this does not follow what happens. Load the page anew.");
}

export const isWhole = (xhr) => /^\s*<!doctype/i.test(xhr.responseText);

// What a reader was doing there

function stateOf(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  return {
    said: sayings(part),
    rows: new Map([...part.querySelectorAll("[data-live-row]")].map((row) => [row.dataset.liveRow, row.dataset.liveState])),
    focus: focused && nameOf(focused),
    open: [...part.querySelectorAll("details[open][id]")].map((each) => each.id),
    scrolled: scrollersOf(part).map((each) => [each.scrollLeft, each.scrollTop]),
  };
}

function restore(part, was) {
  for (const id of was.open) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  scrollersOf(part).forEach((each, place) => each.scrollTo(...(was.scrolled[place] ?? [0, 0])));
  if (!was.focus || part.contains(document.activeElement)) return;
  const again = [...part.querySelectorAll("a, button, input, select, summary, [tabindex]")].find((each) => nameOf(each) === was.focus);
  again?.focus({ preventScroll: true });
}

const scrollersOf = (part) => [...part.querySelectorAll(".gw-tablewrap")];
const nameOf = (each) => [each.tagName, each.id, each.getAttribute("href"), each.getAttribute("aria-label"), each.matches("button, summary") && each.textContent.trim()].join("|");
const sayings = (part) => [...part.querySelectorAll("[data-says]")].map((each) => each.dataset.says).join(". ");

function tint(part, rows) {
  for (const row of part.querySelectorAll("[data-live-row]")) {
    if (rows.get(row.dataset.liveRow) === row.dataset.liveState) continue;
    row.classList.add("gw-changed");
    setTimeout(() => row.classList.remove("gw-changed"), TINT_MS);
  }
}

// Rows that would move under the pointer

const wanted = new Set(); // ids of parts whose news the reader asked for
const isHeld = (part) => !wanted.delete(part.id) && part.matches("[data-live-hold]:hover") && window.matchMedia("(hover: hover)").matches;
const newsOf = (part) => document.querySelector(`.gw-news [data-live-show="${CSS.escape(part.id)}"]`);

function offer(part) {
  if (newsOf(part)) return;
  const button = element("button", { type: "button", class: "btn btn-sm", "data-live-show": part.id }, "Show");
  part.before(element("p", { class: "gw-news" }, "Something changed.", button));
  announce("Something changed.");
}

on("click", "[data-live-show]", ({ dataset }) => {
  wanted.add(dataset.liveShow);
  htmx.trigger(document.getElementById(dataset.liveShow), "live");
});

/** One line in a part that says why it does not follow, or none. */
function note(part, text) {
  part.querySelector(".gw-live-note")?.remove();
  if (text) part.append(element("p", { class: "gw-live-note gw-pad gw-sub mb-0" }, text));
}
