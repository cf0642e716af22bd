/** Reads the form of a fault, and says of every field what is wrong with it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FaultSpecSchema } from "@/gen/sim/v1/fault_pb";
import type { TargetOption } from "./target-words";

export interface FaultProblems {
  readonly target?: string;
  readonly severity?: string;
  readonly duration?: string;
}

interface ReadFault {
  readonly problems: FaultProblems;
  /** Absent when there are problems. */
  readonly fault?: MessageInitShape<typeof FaultSpecSchema>;
}

export function readFault(form: FormData, targets: readonly TargetOption[]): ReadFault {
  const target = targets[Number(form.get("target"))];
  const severity = optionalNumber(form.get("severity"));
  const durationS = optionalNumber(form.get("duration"));
  const problems = {
    ...(target ? {} : { target: "Choose what it strikes." }),
    ...(severity !== undefined && !(severity > 0 && severity <= 1) ? { severity: "Write a number above 0 and up to 1, such as 0.5." } : {}),
    ...(durationS !== undefined && !(durationS > 0 && Number.isFinite(durationS)) ? { duration: "Write a number of seconds above 0, such as 60." } : {}),
  };
  if (!target || Object.keys(problems).length > 0) return { problems };
  const fault = { kind: String(form.get("kind")), target: { kind: target.kind, id: target.id }, severity: severity ?? 0, durationS: durationS ?? 0 };
  return { problems, fault };
}

/** Nothing for an empty field, NaN for what is no number. */
function optionalNumber(value: FormDataEntryValue | null): number | undefined {
  const text = String(value ?? "").trim();
  return text === "" ? undefined : Number(text);
}
