/* The roadmap's timeline and boards, by mouse and by keyboard. Both press what the page has without a script: a bar is
   saved where its form of dates is, and a card that is dropped presses the button of its menu. */
import { announce, on } from "./dom.js";
import { toast } from "./toasts.js";

const DAY_MS = 86_400_000;
const SAVE_AFTER_MS = 700;
const DATES = ["starts_on", "ends_earliest", "ends_likely", "ends_latest"];
const words = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

const asDay = (text) => (text ? Math.round(Date.parse(`${text}T00:00Z`) / DAY_MS) : null);
const asText = (day) => (day === null ? "" : new Date(day * DAY_MS).toISOString().slice(0, 10));
const inWords = (day) => words.format(new Date(day * DAY_MS));
const attribute = (name) => `data-${name.replace("_", "-")}`;

/* What is being moved: svg → its days as they are saved, as they are to be, and as they are sent while they are. */
const moves = new Map();
let dragged = null;

function enhanceAll() {
  document.querySelectorAll("svg[data-moves]").forEach(enhance);
}

/* A bar that may be moved becomes a slider of days. Its picture has been described until now as a whole. */
function enhance(svg) {
  if (svg.dataset.ready) return;
  svg.dataset.ready = "yes";
  svg.setAttribute("role", "group");
  const bar = svg.querySelector(".gw-views-bar");
  bar.setAttribute("role", "slider");
  bar.setAttribute("tabindex", "0");
  bar.setAttribute("aria-label", `${svg.dataset.name} ${svg.closest("tr").querySelector(".gw-name").textContent}`);
  const help = document.getElementById("how-to-move");
  if (help) bar.setAttribute("aria-describedby", help.id);
  say(svg, daysOf(svg));
}

const daysOf = (svg) => Object.fromEntries(DATES.map((name) => [name, asDay(svg.getAttribute(attribute(name)))]));
const scaleOf = (svg) => {
  const { first, days } = svg.closest("[data-timeline]").dataset;
  return { first: asDay(first), days: Number(days) };
};

function say(svg, days) {
  const bar = svg.querySelector(".gw-views-bar");
  const { first, days: span } = scaleOf(svg);
  bar.setAttribute("aria-valuemin", first);
  bar.setAttribute("aria-valuemax", first + span);
  bar.setAttribute("aria-valuenow", days.starts_on);
  bar.setAttribute("aria-valuetext", `${inWords(days.starts_on)} to ${inWords(days.ends_likely)}`);
}

/* All four days go along with a bar; with its right edge goes the likely end, and what it would pass. */
function shifted(days, by, isEdge) {
  if (!isEdge) return Object.fromEntries(DATES.map((name) => [name, days[name] === null ? null : days[name] + by]));
  const likely = Math.max(days.ends_likely + by, days.starts_on);
  const latest = days.ends_latest === null ? null : Math.max(days.ends_latest, likely);
  const earliest = days.ends_earliest === null ? null : Math.min(days.ends_earliest, likely);
  return { ...days, ends_likely: likely, ends_earliest: earliest, ends_latest: latest };
}

function show(svg, days) {
  const { first, days: span } = scaleOf(svg);
  const percent = (day) => (100 * (day - first)) / span;
  const bar = svg.querySelector(".gw-views-bar");
  const whole = bar.querySelector("[data-whole]");
  const [start, width] = [percent(days.starts_on), percent(days.ends_likely) - percent(days.starts_on)];
  whole.setAttribute("x", `${start}%`);
  whole.setAttribute("width", `${Math.max(width, 0.2)}%`);
  bar.querySelector("[data-edge]")?.setAttribute("x", `${start + width}%`);
  bar.querySelector(".bar-done")?.setAttribute("x", `${start}%`);
  const tail = bar.querySelector(".bar-dash");
  if (tail && days.ends_latest !== null) {
    tail.setAttribute("x", `${start + width}%`);
    tail.setAttribute("width", `${Math.max(percent(days.ends_latest) - start - width, 0)}%`);
  }
  say(svg, days);
}

function begin(svg) {
  speak();
  if (!moves.has(svg)) moves.set(svg, { was: daysOf(svg), days: daysOf(svg), sent: null, timer: null });
  svg.querySelector(".gw-views-bar").dataset.moving = "";
  return moves.get(svg);
}

function end(svg) {
  clearTimeout(moves.get(svg)?.timer);
  moves.delete(svg);
  for (const name of ["moving", "saving"]) delete svg.querySelector(".gw-views-bar").dataset[name];
  loadAnew();
}

/* Back to how it is saved. What is on its way to the portal cannot be called back, only what came after it. */
function takeBack(svg) {
  const move = moves.get(svg);
  if (!move) return;
  if (dragged?.svg === svg) dragged = null;
  const isNew = !move.sent || !areSame(move.days, move.sent);
  move.days = move.sent ?? move.was;
  show(svg, move.days);
  if (!move.sent) end(svg);
  hideProblem();
  announce(isNew ? "Taken back." : "It is being saved. Move it back afterwards.");
}

/* Saving: the form of dates takes it. What is moved meanwhile is saved after it, with the version that it made. */

const areSame = (some, others) => DATES.every((name) => some[name] === others[name]);

function body(svg, move) {
  const form = new FormData(document.querySelector("[data-move-form]"));
  form.set("version", svg.dataset.version);
  form.set("base", JSON.stringify(Object.fromEntries(DATES.map((name) => [name, asText(move.was[name])]))));
  for (const name of DATES) form.set(name, asText(move.sent[name]));
  form.set("next", location.pathname + location.search);
  return form;
}

async function save(svg) {
  const move = moves.get(svg);
  if (!move || move.sent) return;
  if (areSame(move.days, move.was)) return end(svg);
  svg.querySelector(".gw-views-bar").dataset.saving = "";
  move.sent = move.days;
  const form = body(svg, move);
  const answer = await fetch(svg.dataset.moves, { method: "POST", body: form, headers: { Accept: "application/json" } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  delete svg.querySelector(".gw-views-bar").dataset.saving;
  if (answer?.ok && told) return saved(svg, move, told);
  refused(svg, move, form, answer, told);
}

function saved(svg, move, told) {
  for (const name of DATES) svg.setAttribute(attribute(name), asText(move.sent[name]));
  svg.dataset.version = told.version;
  move.was = move.sent;
  move.sent = null;
  isOutdated = true;
  toSay = [told.said, ...told.problems].join(" ");
  told.problems.forEach((problem) => toast(`${problem}.`, "warn"));
  if (dragged?.svg === svg || move.timer) return speak();
  if (!areSame(move.days, move.was)) {
    speak();
    return save(svg);
  }
  end(svg);
  hideProblem();
}

/* What a save changes besides its bar, such as the critical path, is loaded anew once nothing is moved any more: a bar
   that is being moved stays where it is. Only then is it said, so that whoever goes on finds the page as it remains. */

let isOutdated = false;
let asked = 0;
let toSay = "";

function speak() {
  if (toSay) announce(toSay);
  toSay = "";
}

async function loadAnew() {
  if (!isOutdated) return;
  if (moves.size) return speak();
  const mine = ++asked;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const text = await answer?.text().catch(() => "");
  if (mine !== asked || moves.size) return;
  if (answer?.ok && text) replaceWith(new DOMParser().parseFromString(text, "text/html").querySelector("[data-timeline]"));
  speak();
}

function replaceWith(timeline) {
  if (!timeline) return location.reload();
  const row = document.activeElement?.closest("[data-timeline] tr");
  const place = row ? stopsOf(row).indexOf(document.activeElement) : -1;
  document.querySelector("[data-timeline]").replaceWith(timeline);
  isOutdated = false;
  enhanceAll();
  if (place < 0) return;
  const again = document.getElementById(row.id);
  const stop = again ? stopsOf(again)[place] : document.querySelector("[data-focus-after]");
  stop?.focus({ preventScroll: true });
}

const stopsOf = (row) => [...row.querySelectorAll("a, .gw-views-bar")];

function refused(svg, move, form, answer, told) {
  const note = document.querySelector("[data-problem]");
  const isConflict = answer?.status === 409;
  note.querySelector("[data-problem-text]").textContent = told?.error ?? (answer ? `The portal answered ${answer.status}.` : "The portal cannot be reached. What you moved is kept here.");
  const both = note.querySelector("[data-problem-act=both]");
  both.hidden = !isConflict;
  both.onclick = () => open(svg.dataset.moves, form);
  const again = note.querySelector("[data-problem-act=again]");
  again.hidden = Boolean(answer);
  again.onclick = () => { hideProblem(); save(svg); };
  note.hidden = false;
  note.scrollIntoView({ block: "nearest" });
  note.querySelector("[data-problem-act=theirs]").onclick = () => { show(svg, move.was); end(svg); hideProblem(); };
  move.sent = null;
  isOutdated ||= isConflict;
  if (isConflict || !answer) return;
  if (dragged?.svg === svg) dragged = null;
  show(svg, move.was);
  end(svg);
}

/* It stays as long as a bar is where it is not saved. */
function hideProblem() {
  if (!moves.size) document.querySelector("[data-problem]").hidden = true;
}

/* The page with both texts: the same sent once more, as the form itself would. */
function open(address, filled) {
  const form = document.querySelector("[data-move-form]");
  form.action = address;
  form.replaceChildren();
  for (const [name, value] of filled) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  form.submit();
}

/* By mouse or finger */

on("pointerdown", "svg[data-moves] .gw-views-bar", (bar, event) => {
  if (event.button !== 0) return;
  const svg = bar.closest("svg");
  const move = begin(svg);
  clearTimeout(move.timer);
  move.timer = null;
  dragged = { svg, from: event.clientX, isEdge: "edge" in event.target.dataset, days: move.days, pointer: event.pointerId };
  bar.focus({ preventScroll: true });
  bar.setPointerCapture(event.pointerId);
  event.preventDefault();
});

document.addEventListener("pointermove", (event) => {
  if (!dragged || event.pointerId !== dragged.pointer) return;
  const { svg, from, isEdge, days } = dragged;
  const by = Math.round(((event.clientX - from) / svg.getBoundingClientRect().width) * scaleOf(svg).days);
  const move = moves.get(svg);
  if (!move) return;
  move.days = shifted(days, by, isEdge);
  show(svg, move.days);
});

document.addEventListener("pointerup", (event) => {
  if (!dragged || event.pointerId !== dragged.pointer) return;
  const { svg } = dragged;
  dragged = null;
  save(svg);
});

document.addEventListener("pointercancel", () => {
  if (dragged) takeBack(dragged.svg);
});

/* By keyboard: what is pressed one after the other is saved at once. */

on("keydown", "svg[data-moves] .gw-views-bar", (bar, event) => {
  const svg = bar.closest("svg");
  if (event.key === "Escape") return takeBack(svg);
  const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!way || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const move = begin(svg);
  move.days = shifted(move.days, way * (event.shiftKey ? 7 : 1), event.altKey);
  show(svg, move.days);
  clearTimeout(move.timer);
  move.timer = setTimeout(() => { move.timer = null; save(svg); }, SAVE_AFTER_MS);
});

on("focusout", "svg[data-moves] .gw-views-bar", (bar) => {
  const svg = bar.closest("svg");
  const move = moves.get(svg);
  if (!move?.timer || dragged) return;
  clearTimeout(move.timer);
  move.timer = null;
  save(svg);
});

/* Boards */

let card = null;

on("dragstart", "[data-card]", (each, event) => {
  card = each;
  each.dataset.dragged = "";
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", each.getAttribute("aria-label"));
});

on("dragend", "[data-card]", (each) => {
  delete each.dataset.dragged;
  document.querySelectorAll("[data-over]").forEach((column) => delete column.dataset.over);
  card = null;
});

on("dragover", "[data-column]", (column, event) => {
  if (!card) return;
  event.preventDefault();
  document.querySelectorAll("[data-over]").forEach((each) => { if (each !== column) delete each.dataset.over; });
  column.dataset.over = "";
});

on("drop", "[data-column]", (column, event) => {
  if (!card) return;
  event.preventDefault();
  const button = card.querySelector(`button[name=to][value="${column.dataset.column}"]`);
  button?.form.requestSubmit(button);
});

document.addEventListener("htmx:load", enhanceAll);
enhanceAll();
