"use client";

import { useState } from "react";
import { formatCount, formatSimulatedDateTime, formatSimulatedTime, formatWholeDuration, plural } from "@/format/format";
import type { RuleDefinition } from "@/gen/ops/v1/rule_pb";
import type { RuleServiceTestResponse, RuleTestIncident } from "@/gen/ops/v1/rule_service_pb";
import { Badge, type BadgeTone } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { Select } from "@/ui/field";
import { ErrorState, Skeleton } from "@/ui/states";
import { firings, useBackTest } from "./use-back-test";

/** Simulated seconds that can be looked back over. */
const WINDOWS_S = [900, 3_600, 21_600, 86_400] as const;
/** The first of a list tell enough. */
const SHOWN = 5;

/** What the rule in the editor would have told over stored telemetry, beside the present ones. Follows what is typed. */
export function BackTest({ definition }: { definition: RuleDefinition | undefined }) {
  const [windowS, setWindowS] = useState<number>(WINDOWS_S[1]);
  const { data, isError, error, refetch, waiting } = useBackTest(definition, windowS);
  return (
    <section aria-label="Back-test" data-testid="back-test" aria-busy={waiting} className="rounded-md border border-line bg-raised/50 p-3">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="text-[13px] font-semibold">Would have fired</h3>
        <span className="ml-auto text-xs text-ink-muted">over the last</span>
        <Select aria-label="How far back" value={windowS} onChange={(event) => setWindowS(Number(event.target.value))}>
          {WINDOWS_S.map((option) => (
            <option key={option} value={option}>
              {formatWholeDuration(option)}
            </option>
          ))}
        </Select>
      </div>
      <div className={cx("mt-2 min-h-16", waiting && "opacity-60")}>
        {!definition && <p className="text-xs text-ink-muted">As soon as the rule can be read, it is tried on what is stored.</p>}
        {definition && isError && !waiting && <ErrorState error={error} what="It could not be tried." onRetry={() => void refetch()} />}
        {definition && !data && !isError && <Skeleton className="h-14 w-full" />}
        {definition && data && !isError && <Result name={definition.name} result={data} />}
      </div>
    </section>
  );
}

function Result({ name, result }: { name: string; result: RuleServiceTestResponse }) {
  const { counts, from, to, samples, gained, lost } = result;
  return (
    <div className="flex flex-col gap-2 text-[13px]">
      <p className="text-lg font-semibold tracking-tight" data-testid="firings">
        {plural(firings(name, result), "time")}
      </p>
      <p className="flex flex-wrap items-center gap-1.5">
        <span className="text-xs text-ink-muted">Incidents of its family:</span>
        <Count tone="high" count={counts?.gained} word="more than now" />
        <Count tone="ok" count={counts?.lost} word="fewer" />
        <Count tone="info" count={counts?.moved} word="at another time" />
        <Count tone="neutral" count={counts?.unchanged} word="as now" />
      </p>
      <Some title="It would also have told of" incidents={gained} />
      <Some title="It would not have told of" incidents={lost} />
      <p className="text-xs text-ink-muted">
        {formatCount(samples)} samples of {formatSimulatedDateTime(from)} to {formatSimulatedTime(to)}
      </p>
    </div>
  );
}

function Count({ tone, count, word }: { tone: BadgeTone; count: bigint | undefined; word: string }) {
  return (
    <Badge tone={tone}>
      {formatCount(count ?? 0n)} {word}
    </Badge>
  );
}

function Some({ title, incidents }: { title: string; incidents: readonly RuleTestIncident[] }) {
  if (incidents.length === 0) return null;
  return (
    <div className="text-xs">
      <p className="text-ink-muted">{title}</p>
      <ul>
        {incidents.slice(0, SHOWN).map(({ title: what, openedAt }, i) => (
          <li key={i} className="flex gap-2">
            <span className="text-ink-muted">{formatSimulatedTime(openedAt)}</span>
            <span className="min-w-0 truncate">{what}</span>
          </li>
        ))}
      </ul>
      {incidents.length > SHOWN && <p className="text-ink-muted">and {formatCount(incidents.length - SHOWN)} more</p>}
    </div>
  );
}
