"use client";

import { formatDuration, formatPercent, quantity } from "@/format/format";
import { ALLOWED_FAILED_PCT, errorBudget } from "@/features/cloud/error-budget";
import type { Standing } from "@/features/cloud/objectives";
import { serviceRows } from "@/features/cloud/rows";
import { trafficStatistics } from "@/features/cloud/traffic";
import { useCalmCloud, useCloudStore } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import { Quantity } from "@/ui/quantity";

const TEXT: Readonly<Record<Standing, string>> = { unknown: "text-ink-muted", ok: "text-ok", warning: "text-warning", critical: "text-critical" };
const FILL: Readonly<Record<Standing, string>> = { unknown: "bg-line-strong", ok: "bg-ok", warning: "bg-warning", critical: "bg-critical" };

/** How much of what users may lose was lost in the last minutes, as large as the headline. */
export function BudgetGauge() {
  const { history } = useCloudStore();
  const { budget, windowMs } = useCalmCloud(({ topology, sample }) => {
    const entries = serviceRows(topology, sample).filter(({ entry }) => entry);
    const statistics = trafficStatistics(history, entries.map(({ id }) => id));
    return { budget: errorBudget(statistics), windowMs: statistics.windowMs };
  });
  const { usedPct, standing } = budget;
  return (
    <div role="group" aria-label="Error budget" data-testid="error-budget" data-level={standing} className="min-w-0 md:w-80 md:shrink-0">
      <p className="text-xs font-medium text-ink-muted">Error budget used</p>
      <p className={cx("text-3xl leading-10 font-semibold tracking-tight tabular-nums lg:text-[40px] lg:leading-12", TEXT[standing])}>
        <Quantity of={quantity(usedPct, "%")} unitClassName="ml-1.5 text-[0.5em] font-normal tracking-normal" />
      </p>
      <div aria-hidden className="h-2 overflow-hidden rounded-full bg-raised">
        <div className={cx("h-full rounded-full", FILL[standing])} style={{ width: `${Math.min(100, usedPct ?? 0)}%` }} />
      </div>
      <p className="mt-1.5 truncate text-xs text-ink-muted">
        of the {formatPercent(ALLOWED_FAILED_PCT)} of requests that may fail{windowMs === 0 ? "" : `, last ${formatDuration(windowMs)} sim`}
      </p>
    </div>
  );
}
