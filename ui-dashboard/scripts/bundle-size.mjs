// Prints the gzipped JavaScript that each exported page loads at once, and fails above the budget of the first route.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KIB = 300;
const out = resolve(import.meta.dirname, "../out");
if (!existsSync(out)) {
  console.error("There is no export to measure: run `npm run build` first.");
  process.exit(1);
}

for (const route of ["", "topology", "incidents", "actions", "explore", "rules", "policies", "sql", "game", "grades", "leaderboard", "simulation", "system"]) {
  const html = readFileSync(join(out, route, "index.html"), "utf8");
  // `nomodule` polyfills are never fetched by a browser that can run the rest.
  const tags = [...html.matchAll(/<script[^>]*\ssrc="([^"]+)"[^>]*>/g)].filter(([tag]) => !/nomodule/i.test(tag));
  const sources = new Set(tags.map(([, source]) => source.split("?")[0]));
  let bytes = 0;
  for (const source of sources) bytes += gzipSync(readFileSync(join(out, source))).length;
  const kib = bytes / 1024;
  console.log(`/${route}`.padEnd(14), `${kib.toFixed(1)} KiB gzip in ${sources.size} files`);
  if (route === "" && kib > BUDGET_KIB) {
    console.error(`The first route is over its budget of ${BUDGET_KIB} KiB.`);
    process.exitCode = 1;
  }
}
