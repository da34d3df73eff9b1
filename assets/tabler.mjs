/* Tabler ships 635 KB of styles for every page one could build. We load the parts named here and nothing else, whatever
   the templates hold, so that the result does not depend on who used a class first. Need another component? Name it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PurgeCSS } from "purgecss";

const { resolve } = createRequire(import.meta.url);

/** Classes that stay. Element rules (the reset), :root and the variables always stay. */
const parts = [
  /^btn(-(primary|danger|ghost|sm|icon))?$/,
  /^form-(check|check-input|check-label|select|control)$/,
  /^visually-hidden(-focusable)?$/,
  /^[mp][tbsexy]?-([0-5]|auto)$/,
  /^(d|flex|align-items|justify-content|gap|order)-[a-z0-9-]+$/,
  /^text-(start|center|end|wrap|nowrap|break|truncate)$/,
  /^w-(25|50|75|100|auto)$/,
];

/** Names and values of attributes that selectors of the reset, the theme and form fields ask for. */
const attributes =
  "data-bs-theme light dark type checkbox radio button submit reset search number date text role href title hidden " +
  "disabled readonly multiple size list dir class tabindex";

/** A rule is dropped when a class in it is none of ours. */
const foreign = [/^(dropdown|modal|navbar|card|table|nav|accordion|offcanvas|carousel)/];

export async function tabler() {
  const raw = await readFile(resolve("@tabler/core/dist/css/tabler.css"), "utf8");
  const [{ css }] = await new PurgeCSS().purge({
    content: [{ raw: attributes, extension: "html" }],
    css: [{ raw }],
    safelist: { standard: [...parts, /^(html|body|:root|:host)$/, ...elements()] },
    blocklist: foreign,
    keyframes: true,
    fontFace: true,
  });
  return css;
}

function elements() {
  const names = "a abbr address article aside b blockquote button caption code col dd del details dfn dialog div dl dt em " +
    "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr iframe img input ins kbd label legend li main mark " +
    "menu nav ol optgroup option output p pre progress q s samp search section select small span strong sub summary sup svg " +
    "table tbody td template textarea tfoot th thead time tr ul var video";
  return names.split(" ").map((name) => new RegExp(`^${name}$`));
}
