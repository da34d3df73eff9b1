/* One section: its text in CodeMirror, saved on a pause. What is typed and not saved is kept in this tab, so that neither
   a lost connection nor a reload takes it; where somebody else saved the section first, both texts are shown. */
import { announce, element } from "../dom.js";
import { open } from "./text.js";

const PAUSE_MS = 1200;
const LONGEST_MS = 10_000;
const AGAIN_MS = 5000;
const reader = document.body.dataset.reader;
const line = document.querySelector("[data-saved]");

export class Section {
  constructor(form, data, post, page) {
    const known = data.sections[form.dataset.section];
    Object.assign(this, { form, post, page, key: form.dataset.section, saved: known.text, version: known.version });
    this.title = form.querySelector("h2").textContent.trim();
    this.store = `draft:${reader}:${new URL(form.action).pathname}`;
    this.view = open(form, known.text, data, {
      changed: () => this.changed(),
      focused: () => page.focused(this),
      save: () => this.save(),
      files: (files) => page.files(this, files),
    });
    this.notes = element("div", { class: "gw-section-note", role: "alert" });
    form.append(this.notes);
    this.putBack();
    this.ask();
  }

  get text() { return this.view.state.doc.toString(); }
  get isDirty() { return this.text !== this.saved; }

  /** The questions of the section are shown as long as nothing is written. */
  ask() {
    this.form.querySelector(".gw-asks")?.toggleAttribute("hidden", this.text.trim() !== "");
  }

  changed() {
    this.ask();
    this.keep();
    this.page.changed();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.save(), PAUSE_MS);
    this.longest ??= setTimeout(() => this.save(), LONGEST_MS);
    if (this.isDirty && !this.conflict) say("Not saved yet");
  }

  // What is typed is kept in this tab

  keep() {
    try {
      if (this.isDirty) sessionStorage.setItem(this.store, JSON.stringify({ text: this.text, version: this.version }));
      else sessionStorage.removeItem(this.store);
    } catch {
      /* No room: it is saved on the pause all the same. */
    }
  }

  putBack() {
    const kept = JSON.parse(sessionStorage.getItem(this.store) ?? "null");
    if (typeof kept?.text !== "string" || kept.text === this.saved) return;
    this.write(kept.text);
    if (kept.version === this.version) announce(`What you typed in “${this.title}” was put back.`);
    else this.collide({ theirs: this.saved, version: this.version, by: "Somebody", when: "" });
  }

  write(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  // Saving

  async save() {
    clearTimeout(this.pause);
    clearTimeout(this.longest);
    this.longest = undefined;
    if (this.isSaving || this.conflict || !this.isDirty) return;
    this.isSaving = true;
    const text = this.text;
    say("Saving");
    const answer = await this.post(this.form.action, { text, version: this.version }).catch(() => null);
    const said = answer?.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json().catch(() => null) : null;
    this.isSaving = false;
    this.answered(answer, said, text);
  }

  answered(answer, said, text) {
    if (!answer) this.later("No connection. What you typed is kept here, and saved when it is back.");
    else if (answer.redirected || !said) this.refused(answer);
    else if (answer.status === 409) this.collide(said);
    else if (answer.ok) this.done(said, text);
    else this.note(said.error);
  }

  done({ version, at }, text) {
    Object.assign(this, { saved: text, version });
    this.form.elements.version.value = version;
    this.notes.replaceChildren();
    this.keep();
    say(`Saved ${at}, version ${version}`);
    this.page.saved();
    if (this.isDirty) this.pause = setTimeout(() => this.save(), PAUSE_MS);
  }

  later(text) {
    say(text);
    this.pause = setTimeout(() => this.save(), AGAIN_MS);
  }

  /** An answer that is no answer to this: signed out, not allowed any more, or a fault of ours. */
  refused(answer) {
    if (answer.redirected) this.note("Not saved: you are signed out, or it is published by now. What you typed is kept in this tab. Load the page anew.");
    else if (answer.status >= 500) this.later("The portal does not answer. What you typed is kept here, and sent again.");
    else this.note(`Not saved: the portal answered ${answer.status}. What you typed is kept in this tab. Load the page anew to see why.`);
  }

  note(text) {
    say("Not saved");
    this.notes.replaceChildren(element("div", { class: "gw-note", "data-s": "bad" }, element("div", {}, element("strong", {}, text))));
  }

  // Two who write the same section

  savedElsewhere({ text, version }) {
    if (version <= this.version || this.isSaving || this.conflict) return;
    if (this.isDirty) return; // the next save shows both texts
    Object.assign(this, { saved: text, version });
    this.form.elements.version.value = version;
    this.write(text);
  }

  collide({ theirs, version, by, when }) {
    if (theirs === this.text) return this.done({ version, at: when }, theirs);
    this.conflict = { theirs, version };
    say("Not saved: two texts");
    const choice = (label, kind, act) => {
      const button = element("button", { type: "button", class: `btn btn-sm ${kind}` }, label);
      button.addEventListener("click", act);
      return button;
    };
    const title = `${by} saved this section${when ? ` at ${when}` : ""}. Nothing is lost: yours is above, theirs is here.`;
    this.notes.replaceChildren(element(
      "div", { class: "gw-note gw-collided", "data-s": "warn" },
      element(
        "div", {}, element("strong", {}, title), element("pre", { class: "gw-code", tabindex: "0" }, theirs),
        element(
          "div", { class: "gw-row gw-wrap" },
          choice("Keep mine", "btn-primary", () => this.settle(this.text)),
          choice("Take theirs", "", () => this.settle(theirs)),
          choice("Put theirs below mine", "", () => this.settle(`${this.text.trimEnd()}\n\n${theirs}`)),
        ),
      ),
    ));
  }

  settle(text) {
    const { theirs, version } = this.conflict;
    Object.assign(this, { conflict: null, saved: theirs, version });
    this.notes.replaceChildren();
    if (text !== this.text) this.write(text);
    this.keep();
    this.view.focus();
    if (this.isDirty) this.save();
    else say("Theirs is kept");
  }
}

/** The one line that says how it is with saving. */
function say(text) {
  if (line.textContent !== text) line.textContent = text;
}
