/** Makes a draft of files from a disk, whatever they are. Pure. */
import { parseAllDocuments } from "yaml";
import { cloudOf } from "../cloud";
import { asList, asRecord, asText, type Draft } from "../draft";
import { scenarioFor } from "../starts";
import { assemble } from "./assemble";
import { isCompose, readCompose } from "./compose";
import { isKubernetes, readKubernetes } from "./kubernetes";

export interface Opened {
  readonly name: string;
  readonly text: string;
}

/** Larger files than this are no clouds that anybody draws. */
export const MAX_FILE_BYTES = 1_024 * 1_024;

/** What could not be made of the files, as a sentence. */
export class NotACloud extends Error {}

/** Scenario and topology (with traces) of Microcloud, a compose file, or Kubernetes manifests. */
export function draftOfFiles(files: readonly Opened[]): Draft {
  const traces = files.filter(({ name }) => name.endsWith(".csv"));
  const read = files.filter(({ name }) => !name.endsWith(".csv")).map((file) => ({ ...file, values: valuesOf(file) }));
  const scenario = read.find(({ values: [value] }) => isScenario(value));
  const topology = read.find(({ values: [value] }) => isTopology(value));
  if (scenario || topology) return draftOfOwn(scenario, topology, traces);
  const manifests = read.flatMap(({ values }) => values.filter(isKubernetes));
  if (manifests.length > 0) return kept(assemble(readKubernetes(manifests, read.find(({ values }) => values.some(isKubernetes))?.name ?? "cluster")), "no Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod");
  const compose = read.find(({ values: [value] }) => isCompose(value));
  if (compose) return kept(assemble(readCompose(compose.values[0], compose.name)), "no service that goes on running");
  throw new NotACloud("This is neither a topology or scenario of Microcloud, nor a compose file, nor a Kubernetes manifest.");
}

function kept(draft: Draft, without: string): Draft {
  if (cloudOf(draft).services.length === 0) throw new NotACloud(`The file has ${without}.`);
  return draft;
}

function valuesOf({ name, text }: Opened): unknown[] {
  if (text.length > MAX_FILE_BYTES) throw new NotACloud(`${name} is larger than ${MAX_FILE_BYTES / 1_024} KiB.`);
  // `<<: *defaults` is how compose files share settings.
  const docs = parseAllDocuments(text, { merge: true });
  return (Array.isArray(docs) ? docs : []).flatMap((doc) => {
    const [mistake] = doc.errors;
    if (mistake) throw new NotACloud(`${name} cannot be read: ${mistake.message.split("\n", 1)[0] ?? ""}`);
    const value: unknown = doc.toJS({ maxAliasCount: 1_000 });
    return value === null || value === undefined ? [] : [value];
  });
}

function isScenario(value: unknown): boolean {
  const file = asRecord(value);
  return typeof file["topology"] === "string" && ("traffic" in file || "family" in file);
}

function isTopology(value: unknown): boolean {
  const file = asRecord(value);
  return Array.isArray(file["services"]) && Array.isArray(file["nodes"]);
}

interface Read extends Opened {
  readonly values: readonly unknown[];
}

/** A topology without a scenario gets one; a scenario without its topology is of no use. */
function draftOfOwn(scenario: Read | undefined, topology: Read | undefined, traces: readonly Opened[]): Draft {
  const stem = (name: string) => name.replace(/\.(ya?ml|json)$/, "").replaceAll(/[^A-Za-z0-9_-]+/g, "_");
  if (!topology) throw new NotACloud(`${scenario?.name ?? "The scenario"} needs its topology, ${asText(asRecord(scenario?.values[0])["topology"])}: open both files together.`);
  const path = scenario ? asText(asRecord(scenario.values[0])["topology"]) : `topologies/${stem(topology.name)}.yaml`;
  const name = stem((scenario ?? topology).name);
  const doors = asList(asRecord(topology.values[0])["services"]).map(asRecord).filter(({ entry }) => entry === true).map(({ id }) => ({ id: asText(id), rps: 100 }));
  const texts = { [`${name}.yaml`]: scenario?.text ?? scenarioFor(path, doors, `The cloud of ${topology.name}.`), [path]: topology.text };
  const recorded = Object.fromEntries(traces.map((trace) => [tracePath(trace.name, scenario?.text ?? ""), trace.text]));
  return { name, files: { ...texts, ...recorded }, places: {}, notes: [] };
}

/** Where the scenario says that its recording is. */
function tracePath(name: string, scenario: string): string {
  return new RegExp(`[\\w./-]*\\b${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).exec(scenario)?.[0] ?? `traces/${name}`;
}
