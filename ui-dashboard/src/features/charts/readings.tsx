import { namedQuantity } from "@/format/format";
import { Quantity } from "@/ui/quantity";
import { seriesVariable } from "./palette";

export interface Reading {
  /** The place on the time axis, in words. */
  readonly when: string;
  /** Where the cursor is, as a share of the width. */
  readonly left: number;
  readonly values: readonly { readonly id: string; readonly color: number; readonly value: number }[];
}

/** More lines than this would cover the chart that they explain. */
const SHOWN = 8;

/** The values under the cursor, on the side where the cursor is not. */
export function Readings({ reading, metric }: { reading: Reading; metric: string }) {
  const side = reading.left > 0.5 ? "left-12" : "right-2";
  return (
    <div aria-hidden data-testid="readings" className={`pointer-events-none absolute top-1 z-10 min-w-40 rounded-md border border-line bg-surface/95 px-2.5 py-1.5 text-[11px] shadow-lg ${side}`}>
      <p className="mb-1 text-ink-muted">{reading.when}</p>
      {reading.values.slice(0, SHOWN).map(({ id, color, value }) => (
        <p key={id} className="flex items-center gap-1.5">
          <span className="h-0.5 w-2.5 rounded" style={{ background: seriesVariable(color) }} />
          <span className="max-w-32 truncate">{id}</span>
          <Quantity of={namedQuantity(metric, value)} className="ml-auto pl-3 font-medium" />
        </p>
      ))}
      {reading.values.length > SHOWN && <p className="text-ink-muted">and {reading.values.length - SHOWN} more</p>}
      {reading.values.length === 0 && <p className="text-ink-muted">no data</p>}
    </div>
  );
}
