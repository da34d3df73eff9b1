/* [data-wait-for="/readyz"]: asks there every five seconds and loads the page anew once the portal is well again. */
const AGAIN_MS = 5000;
const address = document.querySelector("[data-wait-for]")?.dataset.waitFor;

async function look() {
  const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) window.location.replace(window.location.href);
  else setTimeout(look, AGAIN_MS);
}

if (address) setTimeout(look, AGAIN_MS);
