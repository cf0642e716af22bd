/** What happened in an incident, in order of simulated time: from what was recorded about it, its actions and its run. Pure. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { formatNamedMetric, formatNames, instantMs, metricLabel, plural, shortNumbers } from "@/format/format";
import { actionTitle, approvalsSentence, editSentence, effectLook, outcomeSentence } from "@/features/actions/action-words";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";

export type StepKind = "fault" | "breach" | "incident" | "symptom" | "proposal" | "decision" | "command" | "effect" | "resolved";

export interface Step {
  readonly kind: StepKind;
  /** Simulated time; of a decision, that of the step before, since decisions happen in wall time. */
  readonly atMs: number;
  readonly wallTime?: Timestamp;
  readonly title: string;
  readonly detail: string;
}

export interface TimelineSources {
  readonly incident: Incident;
  readonly symptoms: readonly Incident[];
  readonly actions: readonly Action[];
  readonly events: readonly SimulationEvent[];
  /** When the metric crossed its threshold; unknown when its samples are gone. */
  readonly breachMs: number | undefined;
  /** Length of a tick, simulated ms. */
  readonly tickMs: number;
}

/** Faults that began this long before the incident may have to do with it. */
export const FAULTS_BEFORE_MS = 15 * 60_000;

export function timelineOf(sources: TimelineSources): Step[] {
  const { incident, actions } = sources;
  const openedMs = instantMs(incident.detectedAt);
  if (openedMs === undefined) return [];
  const timeOf = (tick: bigint) => openedMs + Number(tick - incident.tick) * sources.tickMs;
  const steps = [
    ...faultSteps(sources, openedMs),
    ...breachSteps(sources),
    { kind: "incident" as const, atMs: openedMs, title: "Incident opened", detail: `${incident.title} (rule ${incident.ruleName})` },
    ...symptomSteps(sources.symptoms),
    ...[...actions].reverse().flatMap((action) => actionSteps(action, timeOf)),
    ...resolvedSteps(incident),
  ];
  return steps.map((step, i) => ({ step, i })).sort((a, b) => a.step.atMs - b.step.atMs || a.i - b.i).map(({ step }) => step);
}

function faultSteps({ events, incident }: TimelineSources, openedMs: number): Step[] {
  const untilMs = instantMs(incident.resolvedAt) ?? Number.POSITIVE_INFINITY;
  return events.flatMap(({ kind, time, runId, message }): Step[] => {
    const atMs = instantMs(time);
    const isFault = kind === SimulationEventKind.FAULT_STARTED || kind === SimulationEventKind.FAULT_ENDED;
    if (!isFault || atMs === undefined || runId !== incident.runId || atMs < openedMs - FAULTS_BEFORE_MS || atMs > untilMs) return [];
    return [{ kind: "fault", atMs, title: kind === SimulationEventKind.FAULT_STARTED ? "Fault began" : "Fault ended", detail: shortNumbers(message) }];
  });
}

function breachSteps({ incident: { metric, threshold, target }, breachMs }: TimelineSources): Step[] {
  if (breachMs === undefined) return [];
  return [{ kind: "breach", atMs: breachMs, title: "Threshold crossed", detail: `${metricLabel(metric)} of ${target?.id ?? "?"} beyond ${formatNamedMetric(metric, threshold)}` }];
}

function symptomSteps(symptoms: readonly Incident[]): Step[] {
  const times = symptoms.flatMap(({ detectedAt }) => instantMs(detectedAt) ?? []);
  if (times.length === 0) return [];
  const targets = [...new Set(symptoms.flatMap(({ target }) => target?.id ?? []))];
  return [{ kind: "symptom", atMs: Math.min(...times), title: `${plural(symptoms.length, "symptom")} followed`, detail: `at ${formatNames(targets, 5)}` }];
}

function actionSteps(action: Action, timeOf: (tick: bigint) => number): Step[] {
  const title = actionTitle(action);
  const proposedMs = instantMs(action.proposedAt) ?? timeOf(action.proposedAtTick);
  const effect = effectLook(action);
  const steps: Step[] = [{ kind: "proposal", atMs: proposedMs, title: `Proposed: ${title}`, detail: [action.reason, `by ${action.proposedBy || "an agent"}`].filter(Boolean).join(" — ") }];
  const executedMs = action.executedAtTick > 0n ? timeOf(action.executedAtTick) : undefined;
  const decided = decisionWord(action);
  if (decided !== undefined) {
    const detail = [approvalsSentence(action), editSentence(action), action.decisionReason].filter(Boolean).join(" ");
    steps.push({ kind: "decision", atMs: executedMs ?? proposedMs, wallTime: action.decidedAt, title: `${decided}: ${title}`, detail });
  }
  if (executedMs !== undefined) steps.push({ kind: "command", atMs: executedMs, title: `Took effect: ${title}`, detail: "" });
  if (action.completedAtTick > 0n) {
    steps.push({ kind: "effect", atMs: timeOf(action.completedAtTick), title: effect ? `Done: ${title} (${effect.word.toLowerCase()})` : `Done: ${title}`, detail: outcomeSentence(action) });
  } else if (action.status === ActionStatus.FAILED) {
    steps.push({ kind: "effect", atMs: executedMs ?? proposedMs, title: `Failed: ${title}`, detail: action.outcome });
  }
  return steps;
}

function decisionWord({ status, decidedBy }: Action): string | undefined {
  const by = decidedBy === "" ? "" : ` by ${decidedBy}`;
  switch (status) {
    case ActionStatus.PROPOSED:
    case ActionStatus.UNSPECIFIED:
      return undefined;
    case ActionStatus.REJECTED:
      return `Rejected${by}`;
    case ActionStatus.EXPIRED:
      return "Expired, nobody decided";
    case ActionStatus.CANCELLED:
      return "Called back";
    case ActionStatus.SUPERSEDED:
      return "Superseded";
    default:
      return `Approved${by}`;
  }
}

function resolvedSteps({ resolvedAt, resolved, resolution }: Incident): Step[] {
  const atMs = instantMs(resolvedAt);
  return resolved && atMs !== undefined ? [{ kind: "resolved", atMs, title: "Incident resolved", detail: resolution }] : [];
}

/** Start of the breach that the incident was opened for: the first of the samples beyond the threshold that lead up to it. */
export function breachStart(timesMs: readonly number[], values: readonly number[], { threshold, observedValue, detectedAt, resolved }: Pick<Incident, "threshold" | "observedValue" | "detectedAt" | "resolved">): number | undefined {
  const openedMs = instantMs(detectedAt);
  if (openedMs === undefined) return undefined;
  // The observed value is that of the last transition: of a resolved incident it is clear again.
  const breachedAbove = observedValue >= threshold !== resolved;
  const isBeyond = (value: number | undefined) => value !== undefined && (breachedAbove ? value > threshold : value < threshold);
  // Steps of stored series need not end where the incident opened.
  const stepMs = (timesMs[1] ?? 0) - (timesMs[0] ?? 0);
  let at = timesMs.findLastIndex((time, i) => time <= openedMs || (time <= openedMs + stepMs && isBeyond(values[i])));
  let start: number | undefined;
  while (at >= 0 && isBeyond(values[at])) {
    start = timesMs[at];
    at -= 1;
  }
  return start;
}
