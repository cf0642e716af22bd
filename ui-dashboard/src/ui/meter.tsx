import type { MetricName } from "@/format/format";
import { metricQuantity } from "@/format/format";
import { OBJECTIVES, standing } from "@/features/cloud/objectives";
import { cx } from "./class-names";
import { Quantity } from "./quantity";

const FILL = { unknown: "bg-line-strong", ok: "bg-ok", warning: "bg-warning", critical: "bg-critical" } as const;
const TEXT = { unknown: "", ok: "", warning: "text-warning font-medium", critical: "text-critical font-medium" } as const;

/** A percentage as a number and a bar; coloured once it is past its objective. */
export function Meter({ metric, value }: { metric: MetricName; value: number | undefined }) {
  const level = OBJECTIVES[metric] ? standing(metric, value) : "unknown";
  return (
    <span className="inline-flex w-full items-center justify-end gap-2">
      <span aria-hidden className="h-1.5 w-10 2xl:w-14 overflow-hidden rounded-full bg-raised">
        {value !== undefined && <span className={cx("block h-full rounded-full", FILL[level])} style={{ width: `${Math.min(100, Math.max(0, value))}%` }} />}
      </span>
      <Quantity of={metricQuantity(metric, value)} className={cx("min-w-13 text-right", TEXT[level])} />
    </span>
  );
}

/** A measured value, coloured once it is past its objective. */
export function Measured({ metric, value }: { metric: MetricName; value: number | undefined }) {
  return <Quantity of={metricQuantity(metric, value)} className={TEXT[standing(metric, value)]} />;
}
