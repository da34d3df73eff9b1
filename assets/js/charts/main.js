/* Draws every [data-chart] of the page from the numbers in its JSON block, again when the theme changes and for
   paper, which is white in every theme, and keeps it as wide as its place. Loaded by figures.js where there is a chart. */
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

import { optionsOf } from "./options.js";
import { theme } from "./theme.js";

use([BarChart, LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, LabelLayout, SVGRenderer]);

const drawn = new Map();
let paper = false;

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) drawn.get(target.closest("[data-chart]"))?.resize();
});

function drawAll() {
  for (const [figure, chart] of drawn) if (!figure.isConnected) forget(figure, chart);
  for (const figure of document.querySelectorAll("[data-chart]")) if (!drawn.has(figure)) draw(figure);
}

function draw(figure) {
  const place = figure.querySelector(".gw-plot");
  const chart = init(place, null, { renderer: "svg" });
  drawn.set(figure, chart);
  chart.setOption(options(figure));
  resized.observe(place);
  figure.dataset.drawn = "";
}

function forget(figure, chart) {
  chart.dispose();
  drawn.delete(figure);
}

function options(figure) {
  const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  return optionsOf(data, figure.querySelector("table"), theme(paper), figure.querySelector(".gw-plot").clientWidth);
}

function drawAgain() {
  for (const [figure, chart] of drawn) chart.setOption(options(figure), { notMerge: true });
}

function drawForPaper(isPaper) {
  paper = isPaper;
  drawAgain();
}

new MutationObserver(drawAgain).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
addEventListener("beforeprint", () => drawForPaper(true));
addEventListener("afterprint", () => drawForPaper(false));
document.addEventListener("charts:found", drawAll);
drawAll();
