/**
 * The bars of the dashboard, one line each, against a stack that runs and serves the last build.
 *
 *   BASE_URL=http://127.0.0.1:8081 npm run measure                 # all of them, about six minutes
 *   BASE_URL=http://127.0.0.1:8081 npm run measure -- --soak 30    # memory over half an hour
 *   npm run measure -- --only map                                  # paint, stream or map; map needs no stack
 *
 * A headless browser draws without a graphics card, on the same cores as the stack: how busy they were stands beside the figures.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureMap } from "./measure/map.mjs";
import { measurePaint } from "./measure/paint.mjs";
import { measureStream } from "./measure/stream.mjs";

const { values } = parseArgs({ options: { soak: { type: "string", default: "3" }, only: { type: "string" } } });
const base = process.env.BASE_URL;
if (!base && values.only !== "map") throw new Error("BASE_URL is not set: start a stack (`microcloud up`) and pass the address it prints.");
const soakMinutes = Number(values.soak);
if (!(soakMinutes >= 0)) throw new Error(`--soak ${values.soak}: write a number of minutes, 0 to leave it out.`);

const busy = () => `${loadavg()[0].toFixed(1)} programs wanted ${availableParallelism()} cores`;
const report = (name, figure, bar, holds) => console.log(`${holds ? "pass  " : "MISSED"}  ${name}: ${figure}, bar ${bar}`);
const parts = { paint: () => measurePaint(base, report), map: () => measureMap(report), stream: () => measureStream(base, soakMinutes, report) };
if (values.only !== undefined && !(values.only in parts)) throw new Error(`--only ${values.only}: use one of ${Object.keys(parts).join(", ")}.`);

for (const [name, measure] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue;
  const before = busy();
  await measure();
  console.log(`  ${name}: ${before} before, ${busy()} after`);
}
