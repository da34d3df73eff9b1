/* The colours and the type of a chart, read from the design tokens as they are now. */

/** The colours of tokens by name, and what all charts have in common; for `paper` the light ones, drawn without movement. */
export function theme(paper) {
  const probe = document.createElement("span");
  probe.hidden = true;
  if (paper) {
    // The theme declares the tokens anew here; the scheme decides between the two colours of each.
    probe.dataset.bsTheme = "light";
    probe.style.colorScheme = "light";
  }
  document.body.append(probe);
  const read = (token) => {
    probe.style.color = `var(--gw-${token})`;
    return getComputedStyle(probe).color;
  };
  const names = ["axis", "grid", "ink", "text", "muted", "raised", "surface", "line-strong", "c1", "c2", "c3", "c4", "c5", "c6",
    ...["ok", "warn", "bad", "info", "plan", "idle"].flatMap((state) => [`${state}-solid`, `${state}-fg`, `${state}-bg`])];
  const colours = Object.fromEntries(names.map((name) => [name, read(name)]));
  const font = getComputedStyle(document.body).fontFamily;
  probe.remove();
  return { colours, font, still: paper || matchMedia("(prefers-reduced-motion: reduce)").matches };
}

/** The colour of a series: a token of charts, or the strong one of a state. */
export const colourOf = ({ colours }, name) => colours[name] ?? colours[`${name}-solid`];
