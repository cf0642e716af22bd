/** What an incident or an action means for the map: where it comes from, who suffers, what it touches, who stands behind that. */
import { formatShare, plural } from "@/format/format";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Action, ActionType } from "@/gen/ops/v1/action_pb";
import { type Incident, type Suspect, SuspectKind } from "@/gen/ops/v1/incident_pb";
import type { Topology } from "@/gen/sim/v1/state_pb";
import { callersOf } from "./graph";

export type Role = "suspect" | "suffers" | "symptom" | "touched" | "caller";

export interface Mark {
  readonly role: Role;
  readonly words: string;
}

export interface Focus {
  readonly services: ReadonlyMap<string, Mark>;
  readonly nodes: ReadonlyMap<string, Mark>;
}

const AND = " · ";
/** The first of two roles is the one that is drawn. */
const WEIGHT: readonly Role[] = ["suspect", "suffers", "touched", "symptom", "caller"];

class Marks {
  readonly services = new Map<string, Mark>();
  readonly nodes = new Map<string, Mark>();

  constructor(private readonly topology: Topology | undefined) {}

  service(id: string, role: Role, words: string): void {
    add(this.services, id, { role, words });
  }

  /** A node, and what runs on it. */
  node(id: string, role: Role, words: string): void {
    add(this.nodes, id, { role, words });
    for (const service of this.servicesOn(new Set([id]))) this.service(service, "touched", `runs on ${id}`);
  }

  zone(id: string, role: Role, words: string): void {
    for (const node of this.topology?.nodes ?? []) if (node.zoneId === id) this.node(node.id, role, words);
  }

  /** Everybody who calls what is marked so far. */
  callers(of: ReadonlySet<Role>): void {
    const marked = [...this.services].flatMap(([id, { role }]) => (of.has(role) ? [id] : []));
    const calls = (this.topology?.edges ?? []).map(({ fromServiceId, toServiceId }) => ({ from: fromServiceId, to: toServiceId }));
    for (const id of callersOf(calls, marked)) this.service(id, "caller", "in the blast radius");
  }

  private servicesOn(nodes: ReadonlySet<string>): string[] {
    return (this.topology?.services ?? []).filter(({ replicas }) => replicas.some(({ nodeId }) => nodes.has(nodeId))).map(({ id }) => id);
  }
}

function add(marks: Map<string, Mark>, id: string, mark: Mark): void {
  const known = marks.get(id);
  if (!known) marks.set(id, mark);
  else if (!known.words.split(AND).includes(mark.words) && mark.role !== "caller") {
    const [first, second] = WEIGHT.indexOf(known.role) <= WEIGHT.indexOf(mark.role) ? [known, mark] : [mark, known];
    marks.set(id, { role: first.role, words: `${first.words}${AND}${second.words}` });
  }
}

export function incidentFocus(incident: Incident, symptoms: readonly Incident[], topology: Topology | undefined): Focus {
  const marks = new Marks(topology);
  for (const suspect of incident.suspects) markSuspect(marks, suspect);
  markTarget(marks, incident, "suffers", "suffers");
  for (const [one, count] of byTarget(symptoms)) markTarget(marks, one, "symptom", count === 1 ? "symptom" : plural(count, "symptom"));
  marks.callers(new Set<Role>(incident.suspects.length > 0 ? ["suspect"] : ["suffers"]));
  return marks;
}

/** Several symptoms of one target are said once, with their number. */
function byTarget(symptoms: readonly Incident[]): (readonly [Incident, number])[] {
  const counts = new Map<string, readonly [Incident, number]>();
  for (const symptom of symptoms) {
    const key = `${symptom.target?.kind ?? ""} ${symptom.target?.id ?? ""}`;
    counts.set(key, [symptom, (counts.get(key)?.[1] ?? 0) + 1]);
  }
  return [...counts.values()];
}

function markSuspect(marks: Marks, { kind, id, share }: Suspect): void {
  const words = `suspected cause ${formatShare(share)}`;
  if (kind === SuspectKind.SERVICE) marks.service(id, "suspect", words);
  if (kind === SuspectKind.NODE) marks.node(id, "suspect", words);
  if (kind === SuspectKind.ZONE) marks.zone(id, "suspect", words);
}

function markTarget(marks: Marks, { target }: Incident, role: Role, words: string): void {
  if (target?.kind === TargetKind.SERVICE) marks.service(target.id, role, words);
  if (target?.kind === TargetKind.NODE) marks.node(target.id, role, words);
  if (target?.kind === TargetKind.ZONE) marks.zone(target.id, role, words);
}

export function actionFocus({ type, targetId }: Pick<Action, "type" | "targetId">, topology: Topology | undefined): Focus {
  const marks = new Marks(topology);
  if (type === ActionType.DRAIN_NODE) marks.node(targetId, "touched", "is drained");
  else if (type === ActionType.UNDRAIN_NODE) marks.node(targetId, "touched", "takes replicas again");
  else marks.service(targetId, "touched", "is changed");
  marks.callers(new Set<Role>(["touched"]));
  return marks;
}
