/* What a page does around an htmx request: says that it is busy, says the result, and never loses the focus. */
import { announce } from "./dom.js";
import { toast } from "./toasts.js";

document.addEventListener("htmx:beforeRequest", ({ detail }) => detail.target.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));

/* A whole document in answer to a request for a part means that the reader was sent elsewhere, to sign in for example. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!/^\s*<!doctype/i.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  if (requestConfig.verb === "get") window.location.assign(xhr.responseURL);
  else window.location.reload();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const part = document.getElementById(detail.target.id) ?? detail.elt;
  const line = part.querySelector?.("[data-announce]") ?? part.closest?.("[data-announce]");
  if (line) announce(line.textContent.replace(/\s+/g, " ").trim());
  if (document.activeElement === document.body) part.querySelector?.("[data-focus-after]")?.focus({ preventScroll: true });
});

const failed = () => toast("The server did not answer. Nothing was changed here; try again in a moment.");
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (!/^\s*<!doctype/i.test(detail.xhr.responseText) || detail.xhr.status >= 500) failed();
});
