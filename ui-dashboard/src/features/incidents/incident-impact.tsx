import { formatCount, formatPercent } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";

/** What it cost the users since it opened. */
export function IncidentImpact({ incident: { impact } }: { incident: Incident }) {
  if (!impact || impact.requests === 0) return null;
  const { requests, failed, slow, worstPct, budgetBurntPct } = impact;
  const facts: readonly (readonly [string, string])[] = [
    ["Requests of users", formatCount(Math.round(requests))],
    ["Failed", `${formatCount(Math.round(failed))} (${formatPercent((100 * failed) / requests)})`],
    ["Slower than 500 ms", `at least ${formatCount(Math.round(slow))}`],
    ["Affected in the worst 10 s", formatPercent(worstPct)],
    ["Error budget of a day used", formatPercent(budgetBurntPct)],
  ];
  return (
    <section aria-label="Impact" data-testid="impact">
      <h3 className="mb-2 text-[13px] font-semibold">
        Impact <span className="ml-2 text-xs font-normal text-ink-muted">since it opened, where requests enter the cloud</span>
      </h3>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-[13px] 2xl:grid-cols-3">
        {facts.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-xs text-ink-muted">{label}</dt>
            <dd className="mt-0.5 tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
