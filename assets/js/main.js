/* Everything the browser runs. Each module improves pages that work without it; all of them listen on the document, so
   that content which htmx puts in later needs no set-up. */
import "htmx.org";

import "./composer.js";
import "./copy.js";
import "./drafts.js";
import "./figures.js";
import "./forms.js";
import "./keyboard.js";
import "./lists.js";
import "./live.js";
import "./menus.js";
import "./palette.js";
import "./references.js";
import "./roadmap.js";
import "./several.js";
import "./swaps.js";
import "./theme.js";
import "./toasts.js";
import "./waiting.js";
import "./zone.js";
