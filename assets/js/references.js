/* input[data-suggestions="/where/to/ask/"]: what that address gives for what its data-filters say;
   input[data-references="group,user"]: names of records of these kinds are suggested while one types;
   input[data-labels="checks"]: labels of the records of a collection, from the moment it has the focus; with
   data-filters="service={entity}" only of those that meet filters of its list, here: of what the field entity says. */
import { element, on } from "./dom.js";

const PAUSE_MS = 150;
let timer;

on("input", "input[data-references], input[data-labels], input[data-suggestions]", soon);
on("focusin", "input[data-labels], input[data-suggestions]", soon);

function soon(input) {
  clearTimeout(timer);
  timer = setTimeout(() => suggest(input), PAUSE_MS);
}

async function suggest(input) {
  const { references, labels, suggestions = document.body.dataset.referencesUrl } = input.dataset;
  const asked = references ? { kinds: references } : { ...filtersOf(input), ...(labels && { of: labels }) };
  const query = new URLSearchParams({ ...asked, q: input.value.trim() });
  const answer = await fetch(`${suggestions}?${query}`).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the form says what is wrong when it is sent
  const { items } = await answer.json();
  listOf(input).replaceChildren(...items.map(({ value, label }) => element("option", { value }, label)));
}

function filtersOf(input) {
  const filters = [...new URLSearchParams(input.dataset.filters)];
  const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => input.form.elements[name].value.trim());
  return Object.fromEntries(filters.map(([name, text]) => [name, filled(text)]));
}

function listOf(input) {
  if (!input.list) {
    const list = element("datalist", { id: `${input.id || input.name}-suggestions` });
    input.after(list);
    input.setAttribute("list", list.id);
  }
  return input.list;
}
