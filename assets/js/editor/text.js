/* CodeMirror in a shadow root of its own: there it brings its styles as constructed stylesheets, which the policy of the
   pages lets be, where it would write them into the page. */
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { defineLanguageFacet, HighlightStyle, Language, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { parser, Strikethrough, Table } from "@lezer/markdown";

import { element } from "../dom.js";
import { sources } from "./blocks.js";
import { continueList, formats } from "./format.js";
import { flags } from "./flags.js";

const markdown = new Language(defineLanguageFacet({}), parser.configure([Table, Strikethrough]), [], "markdown");
const marks = HighlightStyle.define([
  { tag: tags.heading, color: "var(--gw-ink)", fontWeight: "600" },
  { tag: tags.strong, fontWeight: "650", color: "var(--gw-ink)" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.monospace, fontFamily: "var(--tblr-font-monospace)", fontSize: "13.5px" },
  { tag: tags.quote, color: "var(--gw-muted)" },
  { tag: [tags.link, tags.url], color: "var(--gw-link)" },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: "var(--gw-muted)" },
]);
const look = EditorView.theme({
  "&": { fontSize: "15px", color: "var(--gw-text)", borderRadius: "var(--gw-r)" },
  "&.cm-focused": { outline: "2px solid var(--gw-focus)", outlineOffset: "6px" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "1.65", overflow: "visible" },
  ".cm-content": { padding: "0", minHeight: "2.6em", maxWidth: "68ch", caretColor: "var(--gw-ink)" },
  ".cm-line": { padding: "0" },
  ".cm-flag": { padding: "1px 0", background: "var(--gw-plan-bg)", borderBottom: "2px dotted var(--gw-plan-solid)" },
  ".cm-flag-number": { fontSize: "10px", fontWeight: "600", color: "var(--gw-plan-fg)", padding: "0 2px", cursor: "pointer", border: "0", background: "none" },
  ".cm-tooltip": { background: "var(--gw-raised)", color: "var(--gw-text)", border: "1px solid var(--gw-line)", borderRadius: "var(--gw-r)", boxShadow: "var(--gw-pop)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", fontSize: "13px", maxHeight: "260px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "5px 10px", maxWidth: "60ch", overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--gw-selected)", color: "var(--gw-ink)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  ".cm-completionDetail": { color: "var(--gw-muted)", fontStyle: "normal" },
});

/** Puts an editor in the place of the text box of a form. `told` hears of changes, focus, Ctrl-S and files. */
export function open(form, text, data, told) {
  const box = form.querySelector("textarea");
  const place = element("div", { class: "gw-writing", "data-typing": "" });
  box.after(place);
  box.hidden = true;
  box.disabled = true;
  form.querySelector("[data-plain]").hidden = true;
  const root = place.attachShadow({ mode: "open" });
  const heading = form.querySelector("h2").textContent.trim();
  const asks = form.querySelector(".gw-asks")?.textContent ?? "";
  const extensions = [
    history(), markdown.extension, syntaxHighlighting(marks), look, flags, EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": heading, "aria-description": asks, spellcheck: "true", autocapitalize: "sentences" }),
    autocompletion({ override: sources(data), icons: false }),
    keymap.of([
      { key: "Mod-s", run: () => { told.save(); return true; } },
      { key: "Mod-b", run: formats.bold },
      { key: "Mod-i", run: formats.italic },
      { key: "Enter", run: continueList },
      ...completionKeymap, ...defaultKeymap, ...historyKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) told.changed();
      if (update.focusChanged && update.view.hasFocus) told.focused();
    }),
    EditorView.domEventHandlers({
      paste: (event) => taken(event, event.clipboardData, told),
      drop: (event) => taken(event, event.dataTransfer, told),
    }),
  ];
  return new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
}

function taken(event, transfer, told) {
  const files = [...(transfer?.files ?? [])];
  if (!files.length) return false;
  event.preventDefault();
  told.files(files);
  return true;
}
