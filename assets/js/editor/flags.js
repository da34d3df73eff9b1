/* The places in a text that hints are about: underlined, with the number of the hint, and moved along as one types. */
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

/** New hints of a section: [{hint, start, end, sentence: [from, to]}]. */
export const setFlags = StateEffect.define();

class FlagNumber extends WidgetType {
  constructor(number) {
    super();
    this.number = number;
  }

  eq(other) { return other.number === this.number; }

  toDOM() {
    const sup = document.createElement("sup");
    sup.className = "cm-flag-number";
    sup.textContent = this.number;
    sup.setAttribute("aria-label", `Hint ${this.number}`);
    sup.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const card = document.getElementById(`hint-${this.number}`);
      card?.scrollIntoView({ block: "nearest" });
      card?.querySelector("button")?.focus();
    });
    return sup;
  }

  ignoreEvent() { return true; }
}

const move = (changes) => (flag) => ({
  ...flag,
  start: changes.mapPos(flag.start, 1),
  end: changes.mapPos(flag.end, -1),
  sentence: [changes.mapPos(flag.sentence[0], 1), changes.mapPos(flag.sentence[1], -1)],
});

export const flags = StateField.define({
  create: () => [],
  update(value, transaction) {
    const moved = transaction.docChanged ? value.map(move(transaction.changes)) : value;
    return transaction.effects.reduce((found, effect) => (effect.is(setFlags) ? effect.value : found), moved);
  },
  provide: (field) => EditorView.decorations.compute([field], (state) => {
    const marks = state.field(field).filter(({ start, end }) => start < end && end <= state.doc.length).flatMap(({ hint, start, end }) => [
      Decoration.mark({ class: "cm-flag" }).range(start, end),
      Decoration.widget({ widget: new FlagNumber(hint.number), side: 1 }).range(end),
    ]);
    return Decoration.set(marks, true);
  }),
});
