/** What is wrong with a draft, and with what in it. Pure. */
import { isMap, isScalar, isSeq, type Node } from "yaml";
import { type Draft, type File, readFile, scenarioPath, topologyFile } from "./draft";

/** A part of a draft that something can be wrong with. */
export type Part =
  | { readonly kind: "service"; readonly id: string }
  | { readonly kind: "call"; readonly from: string; readonly to: string }
  | { readonly kind: "node"; readonly id: string }
  | { readonly kind: "zone"; readonly id: string }
  | { readonly kind: "traffic"; readonly at: number }
  /** An entry of the timeline. */
  | { readonly kind: "moment"; readonly at: number }
  | { readonly kind: "scenario" }
  | { readonly kind: "file"; readonly path: string };

export interface Problem {
  readonly part: Part;
  /** As a sentence: what is wrong and what to do. */
  readonly message: string;
  readonly file: string;
  /** From 1; 0 when it is about the file. */
  readonly line: number;
}

export function partKey(part: Part): string {
  switch (part.kind) {
    case "call":
      return `call ${part.from}>${part.to}`;
    case "traffic":
    case "moment":
      return `${part.kind} ${part.at}`;
    case "scenario":
      return "scenario";
    case "file":
      return `file ${part.path}`;
    default:
      return `${part.kind} ${part.id}`;
  }
}

export type ProblemIndex = ReadonlyMap<string, readonly Problem[]>;

export function indexOf(problems: readonly Problem[]): ProblemIndex {
  const index = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = partKey(problem.part);
    index.set(key, [...(index.get(key) ?? []), problem]);
  }
  return index;
}

/** Which part of the draft a line of one of its files belongs to. */
export function partAt(draft: Draft, path: string, line: number): Part {
  const text = draft.files[path];
  if (text === undefined || line === 0) return path === scenarioPath(draft) ? { kind: "scenario" } : { kind: "file", path };
  const file = readFile(path, text);
  return (path === topologyFile(draft)?.path ? inTopology(file, line) : path === scenarioPath(draft) ? inScenario(file, line) : undefined) ?? { kind: "file", path };
}

function inTopology(file: File, line: number): Part | undefined {
  const service = itemAt(file, "services", line);
  if (service) {
    const from = idOf(service.node, "id");
    const calls = isMap(service.node) ? service.node.get("calls") : undefined;
    const call = isSeq(calls) ? calls.items.find((item) => covers(file, item, line)) : undefined;
    const to = idOf(call, "to");
    return call !== undefined && to !== "" ? { kind: "call", from, to } : { kind: "service", id: from };
  }
  const node = itemAt(file, "nodes", line);
  if (node) return { kind: "node", id: idOf(node.node, "id") };
  const zone = itemAt(file, "zones", line)?.node;
  return zone === undefined ? undefined : { kind: "zone", id: isScalar(zone) ? String(zone.value) : "" };
}

function inScenario(file: File, line: number): Part {
  const source = itemAt(file, "traffic", line);
  if (source) return { kind: "traffic", at: source.at };
  const moment = itemAt(file, "timeline", line);
  return moment ? { kind: "moment", at: moment.at } : { kind: "scenario" };
}

function itemAt(file: File, list: string, line: number): { readonly at: number; readonly node: unknown } | undefined {
  const { contents } = file.doc;
  const items = isMap(contents) ? contents.get(list) : undefined;
  if (!isSeq(items)) return undefined;
  const at = items.items.findIndex((item) => covers(file, item, line));
  return at < 0 ? undefined : { at, node: items.items[at] };
}

function covers({ lines }: File, item: unknown, line: number): boolean {
  const range = (item as Node | undefined)?.range;
  if (!range) return false;
  // The end of a block is where the next one begins.
  return line >= lines.linePos(range[0]).line && line <= lines.linePos(Math.max(range[0], range[1] - 1)).line;
}

function idOf(node: unknown, key: string): string {
  const value = isMap(node) ? node.get(key) : undefined;
  return value === undefined || value === null ? "" : String(value);
}

/** The line at which something stands, from 1; 0 when it is nowhere. */
export function lineOf(file: File, path: readonly (string | number)[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = file.doc.getIn(path.slice(0, depth), true) as Node | undefined;
    if (node?.range) return file.lines.linePos(node.range[0]).line;
  }
  return 0;
}
