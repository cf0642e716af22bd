"use client";

import { Badge, Dot } from "@/ui/badge";
import { Card } from "@/ui/card";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { useHealth, useReadings } from "./use-system";

const COLUMNS = [
  { key: "name", label: "What" },
  { key: "state", label: "State" },
  { key: "says", label: "Says" },
] as const;

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

/** What the orchestrator rests on, and whom it hears. */
export function ChecksCard() {
  const health = useHealth();
  const readings = useReadings();
  const checks: Line[] = (health.data ?? []).map(({ name, ok, problem }) => ({ name, ok, says: problem || "answers" }));
  const services: Line[] = (readings.data?.services ?? [])
    .filter(({ name }) => !checks.some((check) => check.name === name))
    .map(({ name, silent }) => ({ name, ok: !silent, says: silent ? "silent for more than 10 s" : "is heard" }));
  const lines = health.data ? [{ name: "orchestrator", ok: !health.isError, says: health.isError ? "does not answer any more" : "answers" }, ...checks, ...services] : [];
  return (
    <Card flush title="Services" hint="as the orchestrator sees them" aria-busy={health.isPending}>
      {health.isPending && <SkeletonRows rows={5} label="Asking for health" />}
      {health.isError && !health.data && <ErrorState error={health.error} what="The orchestrator does not say how it is." onRetry={() => void health.refetch()} />}
      {lines.length > 0 && (
        <Table label="Services" columns={COLUMNS}>
          {lines.map(({ name, ok, says }) => (
            <tr key={name} data-testid={`check-${name}`}>
              <HeadCell>{name}</HeadCell>
              <Cell>
                <Badge tone={ok ? "ok" : "critical"} icon={<Dot tone={ok ? "ok" : "critical"} />}>
                  {ok ? "ok" : "failing"}
                </Badge>
              </Cell>
              <Cell className="py-2 text-xs !whitespace-normal text-ink-muted">{says}</Cell>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
