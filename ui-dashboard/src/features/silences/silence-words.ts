/** Silences as people read them. */
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Silence, SilenceKind, SilenceState } from "@/gen/ops/v1/silence_pb";
import type { BadgeTone } from "@/ui/badge";

const KINDS: Readonly<Partial<Record<TargetKind, string>>> = {
  [TargetKind.SERVICE]: "service",
  [TargetKind.NODE]: "node",
  [TargetKind.ZONE]: "zone",
};

const STATES: Readonly<Record<SilenceState, { readonly word: string; readonly tone: BadgeTone }>> = {
  [SilenceState.UNSPECIFIED]: { word: "Unknown", tone: "neutral" },
  [SilenceState.PENDING]: { word: "To come", tone: "info" },
  [SilenceState.ACTIVE]: { word: "Active", tone: "accent" },
  [SilenceState.OVER]: { word: "Over", tone: "neutral" },
};

/** `Silenced`, `Maintenance`: the tag of an incident. */
export function silenceTag(kind: SilenceKind): string {
  return kind === SilenceKind.MAINTENANCE ? "Maintenance" : "Silenced";
}

export function silenceKindWord(kind: SilenceKind): string {
  return kind === SilenceKind.MAINTENANCE ? "maintenance" : "silence";
}

export function silenceStateLook(state: SilenceState) {
  return STATES[state];
}

/** `service orders or node node-a1; family latency; services only; label team=shop` */
export function silencedIncidents({ matchers }: Pick<Silence, "matchers">): string {
  if (!matchers) return "nothing";
  const { targets, rules, families, kinds, labels } = matchers;
  const parts = [
    targets.map(({ kind, id }) => `${KINDS[kind] ?? "target"} ${id}`).join(" or "),
    rules.length > 0 && `rule ${rules.join(" or ")}`,
    families.length > 0 && `family ${families.join(" or ")}`,
    kinds.length > 0 && `${kinds.map((kind) => `${KINDS[kind] ?? "target"}s`).join(" and ")} only`,
    ...Object.entries(labels).map(([name, value]) => `label ${name}=${value}`),
  ];
  return parts.filter((part) => part !== false && part !== "").join("; ");
}
