"use client";

import { CircleCheck, CircleHelp, Flame, TriangleAlert } from "lucide-react";
import { formatSimulatedDateTime } from "@/format/format";
import { assessCloud, type CloudLevel } from "@/features/cloud/assessment";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { isStale } from "@/features/shell/connection-words";
import { cx } from "@/ui/class-names";
import { Skeleton } from "@/ui/states";

const LOOKS: Readonly<Record<CloudLevel, { icon: typeof Flame; text: string }>> = {
  unknown: { icon: CircleHelp, text: "text-ink-muted" },
  healthy: { icon: CircleCheck, text: "text-ok" },
  degraded: { icon: TriangleAlert, text: "text-warning" },
  critical: { icon: Flame, text: "text-critical" },
};

/** The first thing on the page: one answer, readable from across the room. */
export function Headline({ className }: { className?: string }) {
  const { loading, stale, assessment, at, scenario } = useCalmCloud((state) => ({
    loading: state.snapshots === 0,
    stale: isStale(state),
    assessment: assessCloud(state),
    at: state.sample?.timeMs,
    scenario: state.simulation?.scenario,
  }));
  const { icon: Icon, text } = LOOKS[assessment.level];
  return (
    <section aria-label="Health of the cloud" className={cx("flex min-h-32 items-center gap-4 rounded-lg border border-line bg-surface p-5 shadow-card", className)}>
      <span className={cx("tint grid size-14 shrink-0 place-items-center rounded-full", text)}>
        <Icon aria-hidden className="size-7" />
      </span>
      <div className="min-w-0">
        <h1 className={cx("text-2xl leading-tight font-semibold tracking-tight lg:text-[28px]", text)} data-testid="headline" data-level={assessment.level}>
          {stale && assessment.level !== "unknown" ? "Last known: " : ""}
          {loading ? "Waiting for the cloud" : assessment.headline}
        </h1>
        {loading ? <Skeleton className="mt-2 h-4 w-64" /> : <p className="mt-1 text-[13px]">{assessment.detail}</p>}
        <p className="mt-1 text-xs text-ink-muted">
          {at === undefined ? "No telemetry yet" : `As of ${formatSimulatedDateTime(at)}`}
          {scenario !== undefined && ` · scenario ${scenario}`}
        </p>
      </div>
    </section>
  );
}
