import { formatClock, plural } from "@/format/format";
import type { GameRow } from "@/gen/ops/v1/game_service_pb";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { rowName, span } from "./game-words";

/** Deeds beyond these are counted. */
const SHOWN = 12;

/** What each did and when, on one axis of simulated time from the onset on. */
export function DeedTimeline({ rows }: { rows: readonly GameRow[] }) {
  const { from, to } = span(rows);
  const place = (atS: number) => `${((atS - from) / (to - from)) * 100}%`;
  return (
    <Card title="Who did what, and when" hint="simulated minutes since the trouble began">
      <div className="flex flex-col gap-5">
        {rows.map((row, i) => (
          <section key={i} aria-label={rowName(row, i)} className="grid gap-x-5 gap-y-2 md:grid-cols-[10rem_minmax(0,1fr)]">
            <h3 className="text-[13px] font-semibold">
              {rowName(row, i)}
              <span className="block text-xs font-normal text-ink-muted">{row.deeds.length === 0 ? "did nothing" : plural(row.deeds.length, "deed")}</span>
            </h3>
            <div className="min-w-0">
              <div aria-hidden className="relative mx-1.5 h-6">
                <span className="absolute inset-x-0 top-1/2 h-px bg-line-strong" />
                <span className="absolute top-1 h-4 w-0.5 -translate-x-1/2 bg-critical" style={{ left: place(0) }} title="the trouble begins" />
                {row.mitigateS !== undefined && <span className="absolute top-1 h-4 w-0.5 -translate-x-1/2 bg-ok" style={{ left: place(row.mitigateS) }} title="mitigated" />}
                {row.deeds.map(({ atS, what }, deed) => (
                  <span key={deed} className={cx("absolute top-1/2 size-3 -translate-x-1/2 -translate-y-1/2 rounded-full border-2 border-surface", i === 0 ? "bg-accent" : "bg-ink-muted")} style={{ left: place(atS) }} title={`${formatClock(atS)} ${what}`} />
                ))}
              </div>
              <ol className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs">
                {row.deeds.slice(0, SHOWN).map(({ atS, what }, deed) => (
                  <li key={deed}>
                    <span className="text-ink-muted tabular-nums">{formatClock(atS)}</span> {what}
                  </li>
                ))}
                {row.deeds.length > SHOWN && <li className="text-ink-muted">and {row.deeds.length - SHOWN} more</li>}
                {row.mitigateS !== undefined && (
                  <li>
                    <span className="text-ink-muted tabular-nums">{formatClock(row.mitigateS)}</span> <span className="text-ok">mitigated</span>
                  </li>
                )}
              </ol>
            </div>
          </section>
        ))}
      </div>
      <p className="mt-4 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-muted">
        <Mark className="bg-critical" words="the trouble begins" />
        <Mark className="bg-ok" words="mitigated for good" />
        <span>
          from {formatClock(from)} to {formatClock(to)}
        </span>
      </p>
    </Card>
  );
}

function Mark({ className, words }: { className: string; words: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className={cx("h-3 w-0.5", className)} />
      {words}
    </span>
  );
}
