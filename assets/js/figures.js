/* Charts. The bundle that draws them is fetched only where a page holds one; the table beside each can always be read. */
import { on } from "./dom.js";

on("click", "[data-chart-toggle]", (button) => {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", open);
  document.getElementById(button.getAttribute("aria-controls")).toggleAttribute("data-open", open);
});

let asked = false;

function draw() {
  const first = document.querySelector("[data-chart-src]");
  if (!first) return;
  if (asked) {
    document.dispatchEvent(new CustomEvent("charts:found"));
    return;
  }
  asked = true;
  const script = document.createElement("script");
  script.src = first.dataset.chartSrc;
  script.addEventListener("error", showTables);
  document.head.append(script);
}

/** What cannot be drawn is shown as a table. */
function showTables() {
  for (const button of document.querySelectorAll("[data-chart-toggle][aria-expanded=false]")) button.click();
  for (const plot of document.querySelectorAll(".gw-plot")) plot.hidden = true;
}

document.addEventListener("DOMContentLoaded", draw);
document.addEventListener("htmx:afterSettle", draw);
