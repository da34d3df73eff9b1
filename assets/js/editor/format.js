/* What the buttons and keys do to a text in Markdown. Each takes an editor and answers true. */
import { startCompletion } from "@codemirror/autocomplete";
import { EditorSelection } from "@codemirror/state";

const around = (mark) => (view) => {
  view.dispatch(view.state.changeByRange((range) => {
    const text = view.state.sliceDoc(range.from, range.to);
    const changes = [{ from: range.from, insert: mark }, { from: range.to, insert: mark }];
    return { changes, range: EditorSelection.range(range.from + mark.length, range.from + mark.length + text.length) };
  }));
  view.focus();
  return true;
};

/** Puts a mark before each line of the selection, or takes it away where all of them have it. */
const before = (mark) => (view) => {
  const { doc, selection } = view.state;
  const lines = [];
  for (let { number } = doc.lineAt(selection.main.from); number <= doc.lineAt(selection.main.to).number; number += 1) lines.push(doc.line(number));
  const marked = lines.every((line) => line.text.startsWith(mark));
  view.dispatch({ changes: lines.map((line) => (marked ? { from: line.from, to: line.from + mark.length } : { from: line.from, insert: mark })) });
  view.focus();
  return true;
};

function link(view) {
  const { from, to } = view.state.selection.main;
  const words = view.state.sliceDoc(from, to) || "words";
  const at = from + words.length + 3;
  view.dispatch({ changes: { from, to, insert: `[${words}](https://)` }, selection: { anchor: at, head: at + 8 } });
  view.focus();
  return true;
}

function insert(view) {
  const { from, to } = view.state.selection.main;
  const gap = from > 0 && !/\s/.test(view.state.sliceDoc(from - 1, from)) ? " /" : "/";
  view.dispatch({ changes: { from, to, insert: gap }, selection: { anchor: from + gap.length } });
  view.focus();
  return startCompletion(view);
}

export const formats = { bold: around("**"), italic: around("*"), heading: before("### "), list: before("- "), quote: before("> "), link, insert };

/** Enter in a list begins the next item; in an empty item it ends the list. */
export function continueList(view) {
  const { main } = view.state.selection;
  const line = view.state.doc.lineAt(main.head);
  const found = /^(\s*)([-*+]|(\d+)([.)]))(\s+)/.exec(line.text);
  if (!found || !main.empty || main.head < line.from + found[0].length) return false;
  if (line.text.trim() === found[2]) {
    view.dispatch({ changes: { from: line.from, to: line.to } });
    return true;
  }
  const mark = found[3] ? `${Number(found[3]) + 1}${found[4]}` : found[2];
  const text = `\n${found[1]}${mark}${found[5]}`;
  view.dispatch({ changes: { from: main.head, insert: text }, selection: { anchor: main.head + text.length }, scrollIntoView: true });
  return true;
}

/** In a toolbar one tabs to one button; the arrow keys lead to the others. */
export function rove(toolbar) {
  const buttons = [...toolbar.querySelectorAll("button")];
  const seen = () => buttons.filter((button) => button.offsetParent);
  buttons.forEach((button, at) => { button.tabIndex = at ? -1 : 0; });
  toolbar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = seen().indexOf(document.activeElement);
    if (!step || at < 0) return;
    const next = seen().at((at + step) % seen().length);
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  });
}
