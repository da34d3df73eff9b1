/* The column chooser: columns stand in the order of their boxes, so moving a row of the menu moves the column. */
import { announce, element, on } from "./dom.js";

document.addEventListener("toggle", (event) => {
  const form = event.target instanceof HTMLDetailsElement && event.target.open && event.target.querySelector("form[data-order]");
  if (!form || form.querySelector(".gw-move")) return;
  for (const row of form.querySelectorAll(".gw-columns-row")) row.append(moveButtons(row.textContent.trim()));
}, true);

function moveButtons(name) {
  const button = (way, sign) => element("button", { type: "button", "data-move": way, "aria-label": `Move ${name} ${way}` }, sign);
  return element("span", { class: "gw-move" }, button("up", "↑"), button("down", "↓"));
}

on("click", "[data-move]", (button) => {
  const row = button.closest(".gw-columns-row");
  const up = button.dataset.move === "up";
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.classList.contains("gw-columns-row")) return;
  if (up) other.before(row);
  else other.after(row);
  button.focus();
  const rows = [...row.parentElement.querySelectorAll(".gw-columns-row")];
  announce(`Place ${rows.indexOf(row) + 1} of ${rows.length}`);
});
