/* [data-copy="text"], [data-copy-from="#id"] and a[data-copy-address] put text on the clipboard and say so. */
import { announce, on } from "./dom.js";

on("click", "[data-copy], [data-copy-from], [data-copy-address]", async (button, event) => {
  event.preventDefault();
  const text = textOf(button);
  try {
    await navigator.clipboard.writeText(text);
    confirmOn(button, "Copied");
  } catch {
    window.prompt("Copy this:", text); // the browser forbids it, so the reader does it
  }
});

function textOf(button) {
  if ("copyAddress" in button.dataset) return button.href;
  if (!button.dataset.copyFrom) return button.dataset.copy;
  const source = document.querySelector(button.dataset.copyFrom);
  return (source.value ?? source.textContent).trim();
}

function confirmOn(button, word) {
  const label = button.querySelector("span") ?? [...button.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE);
  announce(word);
  if (!label || label.textContent === word) return;
  const before = label.textContent;
  label.textContent = word;
  setTimeout(() => { label.textContent = before; }, 2000);
}
