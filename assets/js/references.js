/* input[data-references="group,user"]: names of records of these kinds are suggested while one types. */
import { element, on } from "./dom.js";

const PAUSE_MS = 150;
let timer;

on("input", "input[data-references]", (input) => {
  clearTimeout(timer);
  timer = setTimeout(() => suggest(input), PAUSE_MS);
});

async function suggest(input) {
  const query = new URLSearchParams({ kinds: input.dataset.references, q: input.value.trim() });
  const answer = await fetch(`${document.body.dataset.referencesUrl}?${query}`).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the form says what is wrong when it is sent
  const { items } = await answer.json();
  listOf(input).replaceChildren(...items.map(({ value, label }) => element("option", { value }, label)));
}

function listOf(input) {
  if (!input.list) {
    const list = element("datalist", { id: `${input.id || input.name}-suggestions` });
    input.after(list);
    input.setAttribute("list", list.id);
  }
  return input.list;
}
