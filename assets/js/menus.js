/* Menus are <details>: they open without script. Here they also close: on Escape, on a click elsewhere. */
const open = () => document.querySelectorAll("details.gw-menu[open]");

/* The side navigation moves by itself so that where one is stands in sight. */
const side = document.querySelector(".gw-side");
const here = side?.querySelector("[aria-current]");
if (here && here.offsetTop + here.offsetHeight > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    const within = menu.contains(document.activeElement);
    menu.open = false;
    if (within) menu.querySelector("summary").focus();
  }
});
