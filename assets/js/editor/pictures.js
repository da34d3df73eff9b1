/* Pictures and files that are pasted, dropped or chosen: uploaded to the incident, then named in the text. */
import { announce } from "../dom.js";
import { toast } from "../toasts.js";

export async function pictures(section, files, { upload_url: url }, post) {
  if (!url) return toast("No files are kept here. Link to where it lies.");
  for (const file of files) {
    announce(`Uploading ${file.name}.`);
    const answer = await post(url, { file }).catch(() => null);
    const said = answer?.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
    if (answer?.ok && said.markdown) {
      section.view.dispatch(section.view.state.replaceSelection(`\n${said.markdown}\n`));
      announce(`${file.name} is in the text.`);
    } else {
      toast(said.error ?? `${file.name} was not taken: the portal does not answer.`);
    }
  }
  section.view.focus();
}
