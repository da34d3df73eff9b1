/* Builds what the browser loads into portal/static/dist/: one stylesheet, one script, one more for pages with charts and
   one for those with the editor, the fonts, one sprite of icons.
   Every name carries a hash of its content, so that it may be kept for ever; manifest.json says which name is current
   (the template tag `bundle` reads it). Beside each text file lie its .br and .gz, which WhiteNoise sends.
   Run by `node assets/build.mjs`; needs Node 20 or newer and the packages of package-lock.json (`npm ci`). */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { build } from "esbuild";

import { tabler } from "./tabler.mjs";

const assets = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(assets, "..", "portal", "static", "dist");
const { resolve } = createRequire(import.meta.url);
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

/** `@import "tabler"` in our CSS means the parts of Tabler that we use. */
const tablerParts = {
  name: "tabler",
  setup(task) {
    task.onResolve({ filter: /^tabler$/ }, () => ({ path: "tabler", namespace: "tabler" }));
    task.onLoad({ filter: /.*/, namespace: "tabler" }, async () => ({ contents: await tabler(), loader: "css" }));
  },
};

async function bundle() {
  const result = await build({
    entryPoints: [
      { in: path.join(assets, "css", "main.css"), out: "portal" },
      { in: path.join(assets, "js", "main.js"), out: "portal" },
      { in: path.join(assets, "js", "charts", "main.js"), out: "charts" },
      { in: path.join(assets, "js", "editor", "main.js"), out: "editor" },
    ],
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    outdir: dist,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome123", "firefox121", "safari17.5"],
    legalComments: "none",
    loader: { ".woff2": "file", ".svg": "dataurl" },
    plugins: [tablerParts],
    logLevel: "warning",
  });
  return result.outputFiles.map(({ path: file, contents }) => ({ name: path.basename(file), contents: Buffer.from(contents) }));
}

/** The icons named in icons.json as <symbol id="i-name">, without the attributes that .icon sets in CSS. */
async function sprite() {
  const names = JSON.parse(await readFile(path.join(assets, "icons.json"), "utf8"));
  const symbols = await Promise.all(names.map(symbol));
  const logo = await readFile(path.join(assets, "logo.svg"), "utf8");
  const text = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
  return [hashed("icons.svg", text), hashed("logo.svg", logo)];
}

async function symbol(name) {
  let file;
  try {
    file = await readFile(resolve(`@tabler/icons/outline/${name}.svg`), "utf8");
  } catch {
    throw new Error(`assets/icons.json names the icon “${name}”, which Tabler Icons does not have. See https://tabler.io/icons.`);
  }
  const drawing = file.slice(file.indexOf(">", file.indexOf("<svg")) + 1, file.lastIndexOf("</svg>"));
  return `<symbol id="i-${name}" viewBox="0 0 24 24">${drawing.replace(/\s*\n\s*/g, "").replaceAll(" />", "/>")}</symbol>`;
}

function hashed(name, text) {
  const contents = Buffer.from(text);
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 8).toUpperCase();
  const { name: stem, ext } = path.parse(name);
  return { name: `${stem}-${hash}${ext}`, contents };
}

/** A reader never meets half a file: each is written aside and moved into place. */
async function put(name, contents) {
  const aside = path.join(dist, `.${name}.${process.pid}`);
  await writeFile(aside, contents);
  await rename(aside, path.join(dist, name));
}

async function putCompressed({ name, contents }) {
  const best = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: zlib.constants.BROTLI_MAX_QUALITY } };
  await put(`${name}.br`, await brotli(contents, best));
  await put(`${name}.gz`, await gzip(contents, { level: 9 }));
}

const plainName = (name) => name.replace(/-[0-9A-Z]{8}(\.[a-z0-9]+)$/, "$1");

async function main() {
  const files = [...(await bundle()), ...(await sprite())];
  await mkdir(dist, { recursive: true });
  for (const file of files) {
    await put(file.name, file.contents);
    if (!file.name.endsWith(".woff2")) await putCompressed(file);
  }
  const manifest = Object.fromEntries(files.map(({ name }) => [plainName(name), name]).sort());
  await put("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  await removeOthers(new Set(files.map(({ name }) => name)));
  for (const { name, contents } of files) console.log(`${String(contents.length).padStart(7)}  ${name}`);
}

async function removeOthers(current) {
  for (const name of await readdir(dist)) {
    const kept = name === "manifest.json" || current.has(name.replace(/\.(br|gz)$/, ""));
    if (!kept) await rm(path.join(dist, name), { force: true });
  }
}

await main();
