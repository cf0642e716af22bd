/** An incident as a Markdown document to go on writing in. Pure. */
import { formatChange, formatCount, formatDuration, formatNamedMetric, formatPercent, formatShare, formatSimulatedDateTime, formatSimulatedTime, formatWallTime } from "@/format/format";
import { actionTitle, effectLook, outcomeSentence, statusLook } from "@/features/actions/action-words";
import type { Action } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import type { IncidentNote } from "@/gen/ops/v1/incident_note_pb";
import { acknowledgement } from "./acknowledgement";
import { incidentLengthMs } from "./incident-length";
import { severityLook } from "./severity";
import type { Step } from "./timeline";

export interface PostMortemSources {
  readonly incident: Incident;
  readonly symptoms: readonly Incident[];
  readonly actions: readonly Action[];
  readonly notes: readonly IncidentNote[];
  readonly steps: readonly Step[];
  /** Simulated now, ms. */
  readonly nowMs: number | undefined;
}

export function postMortem({ incident, symptoms, actions, notes, steps, nowMs }: PostMortemSources): string {
  const { title, description, severity, target, ruleName, detectedAt, resolved, resolution, resolvedAt, runId, id } = incident;
  const length = formatDuration(incidentLengthMs(incident, nowMs));
  return [
    `# ${text(title)}`,
    text(description),
    table(["", ""], [
      ["Severity", severityLook(severity).word],
      ["Target", target?.id ?? "unknown"],
      ["Rule", ruleName],
      ["Detected", formatSimulatedDateTime(detectedAt)],
      [resolved ? "Resolved" : "State", resolved ? `${formatSimulatedDateTime(resolvedAt)}, ${resolution}` : "still open"],
      [resolved ? "Lasted" : "Open for", `${length} of simulated time`],
      ["On it", text(acknowledgement(incident)) || "nobody"],
      ["Incident", id],
      ["Run", runId],
    ]),
    "## Impact",
    impactLines(incident),
    "## Timeline",
    "Simulated time, UTC; decisions also in wall time.",
    table(["Time", "What", "Details"], steps.map((step) => [step.wallTime ? `${formatSimulatedTime(step.atMs)} (${formatWallTime(step.wallTime)})` : formatSimulatedTime(step.atMs), step.title, step.detail])),
    "## Suspected cause",
    causeLines(incident),
    "## Symptoms",
    symptoms.length === 0 ? "None." : table(["Since", "What", "Severity", "State"], symptoms.map((one) => [formatSimulatedTime(one.detectedAt), one.title, severityLook(one.severity).word, one.resolved ? "resolved" : "open"])),
    "## What was done",
    actions.length === 0 ? "Nothing." : table(["Action", "Status", "Effect", "Decided by", "Why", "Outcome"], actions.map((action) => [actionTitle(action), statusLook(action.status).word, effectLook(action)?.word ?? "none", action.decidedBy || "nobody", action.reason, outcomeSentence(action)])),
    "## Notes",
    notes.length === 0 ? "None." : notes.map((note) => `- **${text(note.author)}**, ${formatWallTime(note.writtenAt)}: ${text(note.text)}`).join("\n"),
    "## What went well",
    "_To be written._",
    "## What did not",
    "_To be written._",
    "## What we change",
    "- [ ] _To be written._",
    "",
  ].join("\n\n");
}

function impactLines({ impact }: Incident): string {
  if (!impact || impact.requests === 0) return "No requests of users were counted.";
  const { requests, failed, slow, worstPct, budgetBurntPct } = impact;
  return [
    `- ${formatCount(Math.round(failed))} of ${formatCount(Math.round(requests))} requests failed (${formatPercent((100 * failed) / requests)})`,
    `- at least ${formatCount(Math.round(slow))} were slower than 500 ms`,
    `- ${formatPercent(worstPct)} were affected in the worst ten seconds`,
    `- ${formatPercent(budgetBurntPct)} of a day's error budget was used`,
  ].join("\n");
}

function causeLines({ suspects }: Incident): string {
  if (suspects.length === 0) return "None was found.";
  return suspects
    .map(({ id, share, reasons, evidence }, i) => {
      const why = reasons.map((reason) => `   - ${text(reason)}`);
      const seen = evidence.map(({ metric, target, usual, observed }) => {
        const change = usual === undefined ? "" : `, usually ${formatNamedMetric(metric, usual)} (${formatChange(observed - usual, "").trim()})`;
        return `   - ${text(`${metric} of ${target?.id ?? "?"}`)}: ${formatNamedMetric(metric, observed)}${change}`;
      });
      return [`${i + 1}. **${text(id)}**, ${formatShare(share)} of the suspicion`, ...why, ...seen].join("\n");
    })
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(text).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** Words from the wire are words, whatever they contain. */
function text(words: string): string {
  return words.replace(/[\\`*_[\]<>|#]/g, "\\$&").replace(/\s+/g, " ");
}
