"use client";

import { useQuery } from "@connectrpc/connect-query";
import { formatMetric, formatShare, formatSpread } from "@/format/format";
import { ActionService, type Expected, type Prediction, PredictionCame } from "@/gen/ops/v1/action_service_pb";

/** Of an action: what was expected of it when it was proposed, and what came. Nothing when nobody could look ahead. */
export function PredictionNote({ actionId }: { actionId: string }) {
  const { data } = useQuery(ActionService.method.getAction, { actionId });
  const prediction = data?.prediction;
  if (!prediction) return null;
  return (
    <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-xs" data-testid="prediction">
      <dt className="text-ink-muted">Expected</dt>
      <dd>{prediction.refused === "" ? `${expectedWords(prediction.action)}; helps in ${formatShare(prediction.helps)}, harms in ${formatShare(prediction.harms)} of the futures` : `refused: ${prediction.refused}`}</dd>
      <dt className="text-ink-muted">Doing nothing</dt>
      <dd>{expectedWords(prediction.nothing)}</dd>
      <dt className="text-ink-muted">Came</dt>
      <dd>{cameWords(prediction)}</dd>
    </dl>
  );
}

/** `p99 120 ms (90 to 200), 0.5 % fail` */
function expectedWords(expected: Expected | undefined): string {
  const p99 = expected?.p99Ms;
  const errors = expected?.errorPct;
  const spread = p99 ? formatSpread(p99.low, p99.high) : "";
  return `p99 ${formatMetric("latency_p99", p99?.mid)}${spread === "" ? "" : ` (${spread})`}, ${formatMetric("error_rate", errors?.mid)} fail`;
}

function cameWords({ came, cameP99Ms, cameErrorPct }: Prediction): string {
  switch (came) {
    case PredictionCame.ACTED:
    case PredictionCame.NOT_ACTED:
      return `p99 ${formatMetric("latency_p99", cameP99Ms)}, ${formatMetric("error_rate", cameErrorPct)} fail${came === PredictionCame.NOT_ACTED ? ", with nothing done" : ""}`;
    case PredictionCame.NOT_COMPARABLE:
      return "cannot be compared: something else was done, or nobody watched";
    default:
      return "not due yet";
  }
}
