/* What is put in by a letter: / for events of the timeline or live blocks, @ for people and teams, # for records. */

/** The sources of suggestions for CodeMirror. */
export function sources(data) {
  return [blocks(data), named(/@[\w.-]*$/, "user,group", data), named(/#[\w.-]+$/, "incident,component,api,resource,system", data)];
}

function blocks(data) {
  const [options, none] = data.insertions ? [data.insertions, []] : events(data);
  return (context) => {
    const typed = context.matchBefore(/(?:^|\s)\/[^\n/]{0,40}$/);
    if (!typed) return null;
    const from = typed.from + typed.text.indexOf("/");
    return { from, options: options.length ? options : none, validFor: /^\/[^\n/]*$/ };
  };
}

function events({ events: found, events_table: table }) {
  const list = found.map(({ at, text }) => `- ${at}: ${text}`).join("\n");
  const none = [{ label: "/no key events are chosen yet", apply: "", detail: "choose them in the timeline" }];
  if (!found.length) return [[], none];
  const options = [
    { label: "/events as a table", apply: `\n${table}\n`, detail: `${found.length} key events` },
    { label: "/events as a list", apply: `\n${list}\n`, detail: `${found.length} key events` },
    ...found.map(({ at, text }) => ({ label: `/${at} ${text}`, apply: `${at}: ${text}` })),
  ];
  return [options, none];
}

function named(pattern, kinds, { kind_urls: urls }) {
  const first = kinds.split(",")[0];
  return async (context) => {
    const typed = context.matchBefore(pattern);
    if (!typed || /\w/.test(context.state.sliceDoc(Math.max(0, typed.from - 1), typed.from))) return null;
    const query = new URLSearchParams({ kinds, q: typed.text.slice(1) });
    const answer = await fetch(`${document.body.dataset.referencesUrl}?${query}`).catch(() => null);
    if (!answer?.ok || answer.redirected) return null;
    const { items } = await answer.json();
    return { from: typed.from, options: items.map((item) => option(item, first, urls, typed.text[0])), filter: false };
  };
}

function option({ value, label }, first, urls, letter) {
  const [, kind = first, name] = /^(?:(\w+):)?(.+)$/.exec(value);
  const key = name.replace(/^default\//, "").replace("/", ":");
  return { label: `${letter}${label}`, detail: kind === "user" ? "" : kind, apply: `[${label}](${urls[kind] ?? "/"}${key}/)` };
}
