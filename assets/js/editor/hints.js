/* Hints beside the text: asked for on a pause, never kept, never in the way. */
import { undo } from "@codemirror/commands";

import { announce, element } from "../dom.js";
import { flags, setFlags } from "./flags.js";

const PAUSE_MS = 600;

export class Hints {
  constructor(page, data, sections, post, texts) {
    Object.assign(this, { data, sections, post, texts });
    this.cards = page.querySelector("[data-hints]");
    this.count = page.querySelector("[data-hint-count]");
    this.template = document.getElementById("hint-card");
  }

  soon() {
    this.asked = (this.asked ?? 0) + 1;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.ask(this.asked), PAUSE_MS);
  }

  async ask(asked) {
    const answer = await this.post(this.data.check_url, { texts: JSON.stringify(this.texts()) }).catch(() => null);
    // What was typed since moves the words: the next answer knows of it.
    if (!answer?.ok || answer.redirected || asked !== this.asked) return;
    const said = await answer.json();
    if (asked === this.asked) this.place(said.hints);
  }

  place(hints) {
    for (const [key, section] of this.sections) {
      const mine = hints.filter((hint) => hint.section === key).map((hint) => ({ hint, start: hint.start, end: hint.end, sentence: hint.sentence }));
      section.view.dispatch({ effects: setFlags.of(mine) });
    }
    const focused = this.cards.contains(document.activeElement) ? document.activeElement.closest(".gw-hint")?.dataset.key : "";
    this.cards.replaceChildren(...hints.map((hint) => this.card(hint)));
    if (focused) this.cards.querySelector(`[data-key="${focused}"] button`)?.focus();
    this.count.textContent = hints.length ? `${hints.length}, yours to use or not` : "none";
  }

  card(hint) {
    const card = this.template.content.cloneNode(true).firstElementChild;
    card.id = `hint-${hint.number}`;
    card.dataset.key = hint.key;
    card.setAttribute("aria-label", `Hint ${hint.number}`);
    card.querySelector("[data-ask]").textContent = `${hint.number}. ${hint.ask}`;
    card.querySelector("[data-why]").textContent = hint.why;
    card.querySelector("[data-instead]").textContent = hint.instead || "Leave the word out.";
    const buttons = { use: card.querySelector("[data-use]"), dismiss: card.querySelector("[data-dismiss]") };
    buttons.use.setAttribute("aria-label", `Use this for hint ${hint.number}`);
    buttons.dismiss.setAttribute("aria-label", `Dismiss hint ${hint.number}`);
    buttons.use.addEventListener("click", () => this.use(card, hint));
    buttons.dismiss.addEventListener("click", () => this.dismiss(hint));
    return card;
  }

  /** Puts what the hint offers in the place of the sentence or of the words, and the cursor where there is to fill in. */
  use(card, hint) {
    const { view } = this.sections.get(hint.section);
    const flag = view.state.field(flags).find((each) => each.hint.key === hint.key);
    if (!flag) return;
    const [from, end] = hint.words ? [flag.start, flag.end] : flag.sentence;
    const to = hint.instead ? end : end + Number(view.state.sliceDoc(end, end + 1) === " ");
    const gap = hint.instead.indexOf("…");
    const selection = gap < 0 ? { anchor: from + hint.instead.length } : { anchor: from + gap, head: from + gap + 1 };
    view.dispatch({ changes: { from, to, insert: hint.instead }, selection, scrollIntoView: true });
    view.focus();
    const back = element("button", { type: "button", class: "btn btn-sm" }, "Undo");
    back.addEventListener("click", () => { undo(view); view.focus(); });
    card.replaceChildren(element("div", { class: "gw-row" }, element("span", { class: "gw-sub" }, "Replaced."), back));
    announce("Replaced. Undo brings it back.");
  }

  async dismiss(hint) {
    const answer = await this.post(this.data.dismiss_url, { hint: hint.key }).catch(() => null);
    if (!answer?.ok) return announce("Not dismissed: the portal does not answer.");
    announce("Dismissed.");
    this.soon();
  }
}
