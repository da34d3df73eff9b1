/* What a page does around an htmx request: says that it is busy, says the result, and never loses the focus. */
import htmx from "htmx.org";

import { announce, element } from "./dom.js";
import { isWhole, livePart, stop } from "./live.js";
import { toast } from "./toasts.js";

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  // What is only asked whether it changed stays as clear as it is.
  if (!livePart(detail)) detail.target.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));

/* A whole document in answer to a request for a part means that the reader was sent elsewhere, to sign in for example. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status >= 500 || !isWhole(xhr)) return;
  event.detail.shouldSwap = false;
  const part = livePart(event.detail);
  if (part) return stop(part);
  if (requestConfig.verb === "get") window.location.assign(xhr.responseURL);
  else window.location.reload();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const part = document.getElementById(detail.target.id) ?? detail.elt;
  const line = part.querySelector?.("[data-announce]") ?? part.closest?.("[data-announce]");
  if (line) announce(line.textContent.replace(/\s+/g, " ").trim());
  if (document.activeElement === document.body) part.querySelector?.("[data-focus-after]")?.focus({ preventScroll: true });
});

const failed = ({ detail }) => {
  if (livePart(detail)) return;
  const skeleton = detail.target.querySelector?.(".gw-skeleton");
  if (skeleton) skeleton.replaceWith(notLoaded(detail.target));
  else toast("The server did not answer. Nothing was changed here; try again in a moment.");
};
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:responseError", failed);

/** What stands in a panel that could not load by itself. */
function notLoaded(panel) {
  const again = element("button", { type: "button", class: "btn" }, "Try again");
  again.addEventListener("click", () => htmx.ajax("GET", panel.getAttribute("hx-get"), { source: panel, target: panel, swap: "outerHTML" }));
  const text = element("div", {}, element("strong", {}, "This part could not be loaded"));
  return element("div", { class: "gw-note", "data-s": "bad" }, text, element("div", { class: "gw-actions" }, again));
}
