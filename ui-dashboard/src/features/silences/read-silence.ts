/** Reads the form of a silence, and says of every field what is wrong with it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { SilenceKind } from "@/gen/ops/v1/silence_pb";
import type { SilenceDefinitionSchema } from "@/gen/ops/v1/silence_service_pb";

/** What the API accepts. */
export const MAX_COMMENT_CHARS = 1_024;

/** Simulated minutes that are offered. */
export const MINUTES = [10, 30, 60, 240, 1_440] as const;

/** What is silenced, seen from one incident. */
export const SCOPES = ["family", "target"] as const;

export interface ReadSilence {
  readonly problem?: string;
  /** Absent when there is a problem. */
  readonly silence?: MessageInitShape<typeof SilenceDefinitionSchema>;
}

export function readSilence(form: FormData, { target, family }: Pick<Incident, "target" | "family">): ReadSilence {
  const comment = String(form.get("comment") ?? "").trim();
  if (comment === "") return { problem: "Say why, in a few words." };
  const minutes = MINUTES.find((option) => option === Number(form.get("minutes"))) ?? MINUTES[0];
  const onlyFamily = form.get("scope") === "family";
  const matchers = {
    targets: target ? [{ kind: target.kind, id: target.id }] : [],
    families: onlyFamily || !target ? [family] : [],
  };
  const kind = form.get("maintenance") === "on" ? SilenceKind.MAINTENANCE : SilenceKind.SILENCE;
  return { silence: { kind, matchers, comment, end: { case: "forS", value: minutes * 60 } } };
}
