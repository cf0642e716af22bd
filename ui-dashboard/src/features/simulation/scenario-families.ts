import type { ScenarioSummary } from "@/gen/sim/v1/control_service_pb";

/** Scenarios of one family, in order of difficulty and name. */
export interface ScenarioFamily {
  readonly family: string;
  readonly title: string;
  readonly members: readonly ScenarioSummary[];
}

/** From what everybody should see first to what takes experience. Families that are not named here come last. */
const ORDER = ["benign", "load", "dependency", "capacity", "deployment", "data_tier", "zone_and_network", "gray_failure", "metastable"];

const rank = (family: string) => (ORDER.includes(family) ? ORDER.indexOf(family) : ORDER.length);

/** `gray_failure` as people read it: `Gray failure`. */
function titleOf(family: string): string {
  const words = family.replaceAll("_", " ").trim();
  return words === "" ? "Other" : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Groups scenarios by family. */
export function byFamily(scenarios: readonly ScenarioSummary[]): ScenarioFamily[] {
  return [...new Set(scenarios.map(({ family }) => family))]
    .map((family) => ({
      family,
      title: titleOf(family),
      members: scenarios.filter((scenario) => scenario.family === family).toSorted((left, right) => left.difficulty - right.difficulty || left.name.localeCompare(right.name)),
    }))
    .toSorted((left, right) => rank(left.family) - rank(right.family) || left.family.localeCompare(right.family));
}
