/* The theme changes at once; the server remembers it. Without script the form does both by loading the page anew. */
import { announce, on } from "./dom.js";

on("submit", "form[data-theme-form]", async (form, event) => {
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  document.documentElement.dataset.bsTheme = body.get("theme");
  for (const button of form.querySelectorAll("[name=theme]")) button.setAttribute("aria-pressed", button === event.submitter);
  const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => ({ ok: false }));
  announce(answer.ok ? "Theme saved" : "The theme could not be saved; it holds for this page only.");
});
