"use client";

import { ShieldCheck } from "lucide-react";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { formatCount, instantMs } from "@/format/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Select } from "@/ui/field";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Tabs } from "@/ui/tabs";
import { type IncidentStatus, SEVERITIES, type SeverityName, STATUSES } from "./incident-filter";
import { IncidentLink } from "./incident-link";
import { IncidentRow } from "./incident-row";
import { SymptomDisclosure } from "./symptom-disclosure";
import { useIncidents } from "./use-incidents";

interface IncidentFeedProps {
  readonly status: IncidentStatus;
  readonly severity: SeverityName;
  readonly onFilter: (filter: { status?: IncidentStatus; severity?: SeverityName }) => void;
  readonly onSelect: (id: string) => void;
}

const WORDS: Readonly<Record<IncidentStatus, string>> = { open: "Open", resolved: "Resolved", all: "All" };
const NOTHING: Readonly<Record<IncidentStatus, string>> = { open: "No open incidents", resolved: "No resolved incidents", all: "No incidents" };

export function IncidentFeed({ status, severity, onFilter, onSelect }: IncidentFeedProps) {
  const { causes, isPending, isError, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useIncidents(status, severity);
  const simulatedNow = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  const empty = causes.length === 0;
  return (
    <Card flush title="Incidents" actions={<Filters status={status} severity={severity} onFilter={onFilter} />}>
      {isPending && empty && <SkeletonRows rows={6} label="Loading incidents" />}
      {isError && empty && <ErrorState error={error} what="The incidents could not be loaded." onRetry={() => void refetch()} />}
      {!isPending && !isError && empty && (
        <EmptyState icon={ShieldCheck} title={NOTHING[status]}>
          {severity === "info" ? "An incident opens when a rule has been breached for a full window." : `None of severity ${severity} or worse.`}
        </EmptyState>
      )}
      <ul className="divide-y divide-line" aria-label="Incidents">
        {causes.map(({ head, others }) => (
          <IncidentRow key={head.id} incident={head} simulatedNow={simulatedNow} onSelect={onSelect}>
            {head.symptoms > 0 && <SymptomDisclosure lead={head} onSelect={onSelect} />}
            {head.symptomOf !== "" && others > 0 && (
              <p className="px-4 pb-2 text-xs">
                <IncidentLink id={head.symptomOf} onSelect={onSelect} className="rounded text-accent-ink underline">
                  {`and ${formatCount(others)} more of the same cause`}
                </IncidentLink>
              </p>
            )}
          </IncidentRow>
        ))}
      </ul>
      {hasNextPage && (
        <div className="flex justify-center border-t border-line p-2">
          <Button size="sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Load older
          </Button>
        </div>
      )}
    </Card>
  );
}

function Filters({ status, severity, onFilter }: Pick<IncidentFeedProps, "status" | "severity" | "onFilter">) {
  return (
    <>
      <Tabs label="Status" options={STATUSES} words={WORDS} value={status} onChange={(next) => onFilter({ status: next })} />
      <Select aria-label="Least severity" className="w-32" value={severity} onChange={(event) => onFilter({ severity: SEVERITIES.find((name) => name === event.target.value) })}>
        {SEVERITIES.map((name) => (
          <option key={name} value={name}>
            {name === "info" ? "any severity" : name === "critical" ? "critical" : `${name} or worse`}
          </option>
        ))}
      </Select>
    </>
  );
}
