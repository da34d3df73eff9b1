/* Write, preview, or both side by side. The preview is made by the server, as every page shows such a text. */
const PAUSE_MS = 500;

export class Preview {
  constructor(page, data, post, texts) {
    Object.assign(this, { page, data, post, texts });
    this.place = page.querySelector("[data-preview]");
    this.sections = page.querySelector("[data-sections]");
  }

  show(mode) {
    this.page.dataset.mode = mode;
    for (const button of this.page.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === mode);
    for (const button of this.page.querySelectorAll("[data-format]")) button.disabled = mode === "preview";
    this.sections.hidden = mode === "preview";
    this.place.hidden = mode === "write";
    if (mode !== "write") this.draw();
  }

  soon() {
    if (this.place.hidden) return;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.draw(), PAUSE_MS);
  }

  async draw() {
    const answer = await this.post(this.data.preview_url, { texts: JSON.stringify(this.texts()) }).catch(() => null);
    if (answer?.ok && !answer.redirected) this.place.innerHTML = await answer.text();
    else this.place.textContent = "The portal does not answer. What you typed is kept.";
  }
}
