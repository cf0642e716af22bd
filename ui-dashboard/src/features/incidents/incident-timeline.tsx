"use client";

import { Activity, Check, CircleAlert, Gavel, Lightbulb, type LucideIcon, Play, ShieldCheck, TrendingUp, Zap } from "lucide-react";
import { formatSimulatedTime, formatWallTime, keepUnits } from "@/format/format";
import { BLIND_SENTENCE, isBlind } from "@/features/cloud/blind";
import { useCloud } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import type { Step, StepKind } from "./timeline";

const LOOKS: Readonly<Record<StepKind, { readonly icon: LucideIcon; readonly color: string }>> = {
  fault: { icon: Zap, color: "text-high" },
  breach: { icon: TrendingUp, color: "text-warning" },
  incident: { icon: CircleAlert, color: "text-critical" },
  symptom: { icon: Activity, color: "text-warning" },
  proposal: { icon: Lightbulb, color: "text-accent-ink" },
  decision: { icon: Gavel, color: "text-info" },
  command: { icon: Play, color: "text-info" },
  effect: { icon: Check, color: "text-ok" },
  resolved: { icon: ShieldCheck, color: "text-ok" },
};

/** What happened, in order of simulated time. */
export function IncidentTimeline({ steps }: { steps: readonly Step[] }) {
  const blind = useCloud(({ simulation }) => isBlind(simulation));
  return (
    <section aria-label="Timeline" data-testid="timeline">
      <h3 className="mb-2 text-[13px] font-semibold">
        Timeline <span className="ml-2 text-xs font-normal text-ink-muted">simulated time; decisions also in yours</span>
      </h3>
      <ol className="relative flex flex-col gap-3 before:absolute before:top-2 before:bottom-2 before:left-[7px] before:w-px before:bg-line">
        {steps.map(({ kind, atMs, wallTime, title, detail }, i) => {
          const { icon: Icon, color } = LOOKS[kind];
          return (
            <li key={i} className="relative flex gap-3 text-[13px]">
              <Icon aria-hidden className={cx("z-10 mt-0.5 size-4 shrink-0 rounded-full bg-surface", color)} />
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap gap-x-3">
                  <span className="font-medium break-words">{title}</span>
                  <span className="ml-auto text-xs text-ink-muted">
                    {kind === "decision" && wallTime ? formatWallTime(wallTime) : `${formatSimulatedTime(atMs)} sim`}
                  </span>
                </p>
                {detail !== "" && <p className="text-xs break-words text-ink-muted">{keepUnits(detail)}</p>}
              </div>
            </li>
          );
        })}
      </ol>
      {blind && <p className="mt-2 text-xs text-ink-muted">{BLIND_SENTENCE}</p>}
    </section>
  );
}
