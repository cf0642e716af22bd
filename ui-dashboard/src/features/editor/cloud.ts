/** What the files of a draft say, as far as it can be drawn: whatever is missing or of the wrong kind is left out. Pure. */
import type { Engine } from "./catalogue";
import { asList, asRecord, asText, type Draft, type Fields, scenarioFile, topologyFile } from "./draft";
import { type Shape, SHAPES } from "./fields";

export interface DraftCall {
  /** Position in the caller's list of calls. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly asynchronous: boolean;
  readonly required: boolean;
  readonly fields: Fields;
}

export interface DraftService {
  /** Position in the file. */
  readonly at: number;
  readonly id: string;
  readonly engine: Engine | undefined;
  readonly entry: boolean;
  readonly placement: readonly string[];
  readonly calls: readonly DraftCall[];
  readonly fields: Fields;
  /** All of it and its place as text: what tells whether it changed. */
  readonly written: string;
}

export interface DraftNode {
  readonly at: number;
  readonly id: string;
  readonly zone: string;
  readonly fields: Fields;
}

export interface Source {
  readonly at: number;
  readonly service: string;
  readonly shapes: readonly Shape[];
  readonly fields: Fields;
}

export interface Cloud {
  readonly name: string;
  readonly zones: readonly string[];
  readonly nodes: readonly DraftNode[];
  readonly services: readonly DraftService[];
  readonly calls: readonly DraftCall[];
}

export interface Plan {
  readonly description: string;
  readonly family: string;
  readonly sources: readonly Source[];
  readonly fields: Fields;
}

const clouds = new WeakMap<object, Cloud>();
let last: Cloud | undefined;

/** What did not change since the last one is the same object, so that nobody draws it anew. */
export function cloudOf(draft: Draft): Cloud {
  const file = topologyFile(draft);
  if (!file) return readCloud(undefined);
  const known = clouds.get(file);
  if (known) return known;
  const cloud = readCloud(file.value, last);
  clouds.set(file, cloud);
  last = cloud;
  return cloud;
}

function readCloud(value: unknown, before?: Cloud): Cloud {
  const topology = asRecord(value);
  const unchanged = new Map(before?.services.map((service) => [service.written, service]));
  const services = asList(topology["services"])
    .map((service, at) => {
      const read = unchanged.get(writtenAs(service, at));
      return read ?? readService(service, at);
    })
    .filter(({ id }) => id !== "");
  const nodes = asList(topology["nodes"]).map((node, at) => {
    const fields = asRecord(node);
    return { at, id: asText(fields["id"]), zone: asText(fields["zone"]), fields };
  });
  return { name: asText(topology["name"]), zones: asList(topology["zones"]).map(asText), nodes, services, calls: services.flatMap(({ calls }) => calls) };
}

function writtenAs(value: unknown, at: number): string {
  return `${at} ${JSON.stringify(value)}`;
}

function readService(value: unknown, at: number): DraftService {
  const fields = asRecord(value);
  const id = asText(fields["id"]);
  const calls = asList(fields["calls"]).map((call, position) => {
    const own = asRecord(call);
    return { at: position, from: id, to: asText(own["to"]), asynchronous: own["asynchronous"] === true, required: own["required"] !== false, fields: own };
  });
  return { at, id, engine: readEngine(fields), entry: fields["entry"] === true, placement: asList(fields["placement"]).map(asText), calls, fields, written: writtenAs(value, at) };
}

function readEngine(fields: Fields): Engine | undefined {
  const [profile, template] = [asText(fields["profile"]), asText(fields["template"])];
  if (profile !== "") return { kind: "profile", name: profile };
  return template === "" ? undefined : { kind: "template", name: template };
}

export function planOf(draft: Draft): Plan {
  const fields = asRecord(scenarioFile(draft).value);
  const sources = asList(fields["traffic"]).map((source, at) => {
    const own = asRecord(source);
    return { at, service: asText(own["service"]), shapes: SHAPES.filter((shape) => shape in own), fields: own };
  });
  return { description: asText(fields["description"]), family: asText(fields["family"]), sources, fields };
}

/** Requests a second that a source sends when nothing special goes on. */
export function usualRate({ fields, shapes }: Source): number {
  const first = { constant: "rps", ramp: "from_rps", diurnal: "mean_rps", spike: "base_rps", bursty: "base_rps" } as const;
  return shapes.reduce((sum, shape) => sum + (Number(asRecord(fields[shape])[first[shape]]) || 0), 0);
}
