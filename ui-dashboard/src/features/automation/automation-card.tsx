"use client";

import { formatWallTime } from "@/format/format";
import { AutomationMode } from "@/gen/ops/v1/automation_pb";
import { Badge, type BadgeTone } from "@/ui/badge";
import { Card } from "@/ui/card";
import { ErrorState, Skeleton } from "@/ui/states";
import { AutomationSwitch } from "./automation-switch";
import { useAutomation } from "./use-automation";

const LOOKS: Readonly<Record<AutomationMode, { readonly word: string; readonly tone: BadgeTone }>> = {
  [AutomationMode.UNSPECIFIED]: { word: "Unknown", tone: "neutral" },
  [AutomationMode.AUTOMATIC]: { word: "Automatic", tone: "ok" },
  [AutomationMode.MANUAL]: { word: "People decide", tone: "warning" },
  [AutomationMode.PAUSED]: { word: "Paused", tone: "critical" },
};

/** How the kill switch stands, who set it and why. */
export function AutomationCard() {
  const { data, isError, error, refetch } = useAutomation();
  const look = LOOKS[data?.mode ?? AutomationMode.UNSPECIFIED];
  const { changedBy, changedAt, reason } = data?.automation ?? {};
  return (
    <Card title="Automation" hint="the kill switch: nothing takes effect while it is paused" actions={<AutomationSwitch />}>
      {isError && !data && <ErrorState error={error} what="It is not known how the switch stands." onRetry={() => void refetch()} />}
      {!data && !isError && <Skeleton className="h-5 w-64" />}
      {data && (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[13px]">
          <Badge tone={look.tone}>{look.word}</Badge>
          <span>{data.explanation}</span>
          {changedBy && (
            <span className="text-xs text-ink-muted">
              set by {changedBy} at {formatWallTime(changedAt)}
              {reason && `: ${reason}`}
            </span>
          )}
        </p>
      )}
    </Card>
  );
}
