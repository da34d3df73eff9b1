/* The command palette: one field, answers while typing, a preview beside them. The server renders the answers
   (templates/portal/search_palette.html); here is only choosing. The focus stays in the field, the chosen option is
   named by aria-activedescendant. */
const PAUSE_MS = 90;
const LAST = "palette-query";

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const hits = dialog?.querySelector("[role=listbox]");
const peek = dialog?.querySelector(".gw-peek");
const count = dialog?.querySelector("[data-count]");
let running = new AbortController();
let asked = Promise.resolve();
let timer = null;
let hasMoved = false;

export function openPalette() {
  if (!dialog) return false;
  if (dialog.open) return true;
  dialog.showModal();
  hasMoved = false;
  input.value = sessionStorage.getItem(LAST) ?? "";
  input.select();
  askNow();
  return true;
}

function askSoon() {
  hasMoved = false;
  clearTimeout(timer);
  timer = setTimeout(askNow, PAUSE_MS);
}

function askNow() {
  clearTimeout(timer);
  timer = null;
  asked = ask();
  return asked;
}

async function ask() {
  running.abort();
  running = new AbortController();
  const query = input.value.trim();
  sessionStorage.setItem(LAST, query);
  hits.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(query)}`, { signal: running.signal });
    if (answer.redirected) return showSignedOut(answer.url);
    if (!answer.ok) throw new Error(`${answer.status}`);
    show(await answer.text());
  } catch (problem) {
    if (problem.name !== "AbortError") showFailure(query);
  }
}

/* An answer that comes late leaves the choice where the reader has moved it since. */
function show(html) {
  const moved = hasMoved && chosen()?.dataset.url;
  hits.innerHTML = html;
  hits.removeAttribute("aria-busy");
  count.textContent = hits.querySelector("[data-summary]")?.textContent ?? "";
  choose(options().find((option) => option.dataset.url === moved) ?? options()[0]);
}

function showFailure(query) {
  say("The search does not answer. ", `${dialog.dataset.more}?q=${encodeURIComponent(query)}`, "Open the search page");
}

/* Whoever is no longer signed in is led to the sign-in page: and from there back here, not to a part of a page. */
function showSignedOut(address) {
  const signIn = new URL(address);
  signIn.searchParams.set("next", window.location.pathname + window.location.search);
  say("You are signed out. ", signIn.href, "Sign in");
}

function say(words, href, label) {
  const link = Object.assign(document.createElement("a"), { href, textContent: label });
  const text = document.createElement("p");
  text.className = "gw-palette-none";
  text.append(words, link);
  hits.replaceChildren(text);
  hits.removeAttribute("aria-busy");
  choose(null);
}

const options = () => [...hits.querySelectorAll("[role=option]")];
const chosen = () => hits.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-expanded", String(Boolean(option)));
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
  const preview = option?.querySelector("template")?.content.cloneNode(true);
  peek.replaceChildren(...(preview ? [preview] : []));
  peek.hidden = !preview;
}

function move(by) {
  const all = options();
  hasMoved = true;
  if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

function open(option, beside) {
  if (!option) return;
  if (beside) window.open(option.dataset.url, "_blank", "noopener");
  else window.location.assign(option.dataset.url);
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
  if (openPalette()) event.preventDefault();
});

input?.addEventListener("input", askSoon);

const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: openAnswer };
input?.addEventListener("keydown", (event) => {
  if (event.isComposing || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key](event);
});

/** Opens what the text as it stands now leads to: who types fast and presses Enter is not sent to an older answer. */
async function openAnswer(event) {
  const beside = event.ctrlKey || event.metaKey;
  await (timer === null ? asked : askNow());
  open(chosen(), beside);
}

hits?.addEventListener("pointermove", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option || option === chosen()) return;
  hasMoved = true;
  choose(option);
});
hits?.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) open(option, event.ctrlKey || event.metaKey);
});
