// Bundles src/main.js with uPlot into the one script that the dashboard's pages load. The result is committed: building the program needs no npm.
// Usage: node build.js [directory]

import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const { version } = createRequire(import.meta.url)("uplot/package.json");
const target = process.argv[2] ?? path.join(here, "../internal/dashboard/view/assets");

await build({
  entryPoints: [path.join(here, "src/main.js")],
  outfile: path.join(target, "dashboard.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/* With uPlot ${version}, (c) 2022 Leon Sorokin, MIT license: https://github.com/leeoniya/uPlot */` },
});
