"use client";

import { CircleCheck, CircleHelp, Flame, TriangleAlert } from "lucide-react";
import { formatSimulatedDateTime } from "@/format/format";
import { assessCloud, type CloudLevel } from "@/features/cloud/assessment";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { isStale } from "@/features/shell/connection-words";
import { cx } from "@/ui/class-names";
import { Skeleton } from "@/ui/states";
import { BudgetGauge } from "./budget-gauge";

const LOOKS: Readonly<Record<CloudLevel, { icon: typeof Flame; text: string }>> = {
  unknown: { icon: CircleHelp, text: "text-ink-muted" },
  healthy: { icon: CircleCheck, text: "text-ok" },
  degraded: { icon: TriangleAlert, text: "text-warning" },
  critical: { icon: Flame, text: "text-critical" },
};

/** The first thing on the page: one answer, readable from across the room, and what it has cost the users. */
export function Headline() {
  const { loading, stale, assessment, at, scenario } = useCalmCloud((state) => ({
    loading: state.snapshots === 0,
    stale: isStale(state),
    assessment: assessCloud(state),
    at: state.sample?.timeMs,
    scenario: state.simulation?.scenario,
  }));
  const { icon: Icon, text } = LOOKS[assessment.level];
  return (
    <section aria-label="Health of the cloud" className="flex flex-col gap-x-8 gap-y-5 rounded-lg border border-line bg-surface p-5 shadow-card md:min-h-38 md:flex-row md:items-center lg:px-7">
      <div className="flex min-h-26 min-w-0 flex-1 items-center gap-4 lg:gap-6">
        <span className={cx("tint grid size-14 shrink-0 place-items-center rounded-full lg:size-20", text)}>
          <Icon aria-hidden className="size-7 lg:size-10" />
        </span>
        <div className="min-w-0">
          <h1 className={cx("text-[28px] leading-tight font-semibold tracking-tight text-balance lg:text-5xl", text)} data-testid="headline" data-level={assessment.level}>
            {stale && assessment.level !== "unknown" ? "Last known: " : ""}
            {loading ? "Waiting for the cloud" : assessment.headline}
          </h1>
          {loading ? <Skeleton className="mt-2 h-4 w-64" /> : <p className="mt-1 text-[13px] lg:text-base">{assessment.detail}</p>}
          <p className="mt-1 text-xs text-ink-muted">
            {at === undefined ? "No telemetry yet" : `As of ${formatSimulatedDateTime(at)}`}
            {scenario !== undefined && ` · scenario ${scenario}`}
          </p>
        </div>
      </div>
      <BudgetGauge />
    </section>
  );
}
