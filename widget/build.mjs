// Bundles src/ into dist/widget.js: one classic script, minified, the stylesheet inside.
// The output holds no path, date or version, so the same sources give the same bytes everywhere.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = ["chrome111", "firefox113", "safari16.4"];
const outfile = resolve(process.argv[2] ?? join(here, "dist", "widget.js"));

/** Imports a stylesheet as its minified text. @type {import("esbuild").Plugin} */
const stylesheetAsText = {
  name: "stylesheet-as-text",
  setup(setup) {
    setup.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

await build({
  absWorkingDir: here,
  entryPoints: ["src/main.js"],
  outfile,
  bundle: true,
  format: "iife",
  minify: true,
  target,
  charset: "utf8",
  legalComments: "none",
  plugins: [stylesheetAsText],
  logLevel: "warning",
});

const bytes = await readFile(outfile);
process.stdout.write(`${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped\n`);
