/** Ids of simulations: what the engine takes. Pure. */
import { DEFAULT_SIMULATION } from "@/rpc/simulation";

const ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is wrong with the id of a new simulation; nothing when it can be used. */
export function simulationIdProblem(id: string, taken: readonly string[]): string | undefined {
  if (!ID.test(id)) return "Use a to z, 0 to 9 and “-”, with a letter or digit at both ends; at most 63.";
  return taken.includes(id) || id === DEFAULT_SIMULATION ? `${id} is there already; choose another id.` : undefined;
}

/** An id that is free, made of a name: `my_cloud` becomes `my-cloud`, then `my-cloud-2`. */
export function idOfSimulation(name: string, taken: readonly string[]): string {
  const base = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 55).replace(/-+$/, "") || "simulation";
  const isTaken = (id: string) => taken.includes(id) || id === DEFAULT_SIMULATION;
  if (!isTaken(base)) return base;
  for (let n = 2; ; n += 1) if (!isTaken(`${base}-${n}`)) return `${base}-${n}`;
}
