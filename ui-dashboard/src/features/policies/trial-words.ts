/** What policies would have said to the proposals of the past, in words. Pure. */
import { formatCount, plural } from "@/format/format";
import type { PolicyTally, TestPoliciesResponse } from "@/gen/ops/v1/policy_service_pb";

/** `Would have approved 41 of 50 by itself, 2 of them harmful.` */
export function trialSentence({ trials, autoApproved }: Pick<TestPoliciesResponse, "trials" | "autoApproved">): string {
  if (trials.length === 0) return "Nothing has been proposed yet, so there is nothing to try them on.";
  const approved = autoApproved?.proposals ?? 0;
  const harmful = autoApproved?.harmful ?? 0;
  if (approved === 0) return `Would have approved none of ${plural(trials.length, "proposal")} by itself.`;
  return `Would have approved ${formatCount(approved)} of ${formatCount(trials.length)} by itself, ${harmful === 0 ? "none" : formatCount(harmful)} of them harmful.`;
}

/** What came of some proposals: `41: 30 effective, 2 harmful, 9 never done`. */
export function tallyWords(tally: PolicyTally | undefined): string {
  if (!tally || tally.proposals === 0) return "none";
  const { proposals, effective, ineffective, harmful, unjudged, failed, notDone } = tally;
  const parts = (
    [
      [effective, "effective"],
      [ineffective, "ineffective"],
      [harmful, "harmful"],
      [unjudged, "done and not judged"],
      [failed, "failed"],
      [notDone, "never done"],
    ] as const
  ).flatMap(([count, word]) => (count > 0 ? [`${formatCount(count)} ${word}`] : []));
  return `${formatCount(proposals)}: ${parts.join(", ")}`;
}
