"use client";

import { CircleDashed, X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { burningIncidents } from "@/features/cloud/assessment";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { SeverityBadge } from "@/features/incidents/severity";
import { InjectFaultButton } from "@/features/simulation/inject-fault-button";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Service } from "@/gen/sim/v1/state_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { EmptyState } from "@/ui/states";
import { FaultList } from "./fault-list";
import { useFaultsOn, useServiceMark } from "./map-choice";
import { ReplicaList } from "./replica-list";
import { ROLE_LOOKS } from "./role-look";
import { TONES } from "./standing-tones";
import { useServiceVitals } from "./use-vitals";

interface ServicePanelProps {
  readonly id: string;
  readonly onChoose: (id: string | null) => void;
}

/** One service: how it does, its replicas, who calls it and whom it calls, what burns there. */
export function ServicePanel({ id, onChoose }: ServicePanelProps) {
  const topology = useCloud((state) => state.topology);
  const service = topology?.services.find((known) => known.id === id);
  const edges = topology?.edges ?? [];
  const mark = useServiceMark(id);
  const faults = useFaultsOn(TargetKind.SERVICE, id);
  return (
    <section aria-label={`Service ${id}`} data-testid="service-panel" className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <header className="flex items-start gap-2 border-b border-line py-2 pr-1.5 pl-4">
        <div className="min-w-0">
          <h2 className="text-[15px] font-semibold break-words">{id}</h2>
          <p className="text-xs text-ink-muted">{service?.profile}</p>
        </div>
        <Button tone="quiet" size="icon" className="ml-auto" aria-label="Back to the list of services" onClick={() => onChoose(null)}>
          <X aria-hidden className="size-4" />
        </Button>
      </header>
      {service ? (
        <div className="flex flex-col gap-4 p-4">
          {mark && <p className={cx("text-[13px] font-medium", ROLE_LOOKS[mark.role].text)}>{mark.words}</p>}
          <Numbers service={service} />
          <Incidents id={id} />
          {faults.length > 0 && (
            <Part title="Faults in force">
              <FaultList faults={faults} of={id} />
            </Part>
          )}
          <Part title={`Replicas: ${service.replicas.length}`}>
            <ReplicaList service={service} nodes={topology?.nodes ?? []} />
          </Part>
          <Neighbours title="Called by" ids={edges.flatMap(({ fromServiceId, toServiceId }) => (toServiceId === id ? [fromServiceId] : []))} onChoose={onChoose} none={service.entry ? "Traffic enters here." : "Nobody calls it."} />
          <Neighbours title="Calls" ids={edges.flatMap(({ fromServiceId, toServiceId }) => (fromServiceId === id ? [toServiceId] : []))} onChoose={onChoose} none="It calls nobody." />
          <Link href={`/?service=${encodeURIComponent(id)}`} className="self-start rounded text-[13px] text-accent-ink hover:underline">
            Its charts on the overview
          </Link>
          <InjectFaultButton target={{ kind: TargetKind.SERVICE, id }} />
        </div>
      ) : (
        <EmptyState icon={CircleDashed} title="There is no such service">
          It may have been removed since.
        </EmptyState>
      )}
    </section>
  );
}

function Numbers({ service: { id, entry } }: { service: Service }) {
  const vitals = useServiceVitals(id);
  const facts: readonly (readonly [string, ReactNode])[] = [
    ["Health", <Badge key="health" tone={TONES[vitals?.level ?? "unknown"]}>{vitals?.health ?? "unknown"}</Badge>],
    ["Requests", vitals?.rate],
    ["Errors", vitals?.errors],
    ["p99", vitals?.p99],
    ["CPU", vitals?.cpu],
    ["Replicas", vitals?.replicas],
    ["Entry", entry ? "yes" : "no"],
  ];
  return (
    <dl className="grid grid-cols-3 gap-x-4 gap-y-2 text-[13px]">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt className="text-xs text-ink-muted">{label}</dt>
          <dd className="mt-0.5">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Incidents({ id }: { id: string }) {
  const burning = useCalmCloud(({ incidents }) => burningIncidents(incidents)).filter(({ target }) => target?.kind === TargetKind.SERVICE && target.id === id);
  if (burning.length === 0) return null;
  return (
    <Part title="Open incidents">
      <ul className="flex flex-col gap-1">
        {burning.map((incident) => (
          <li key={incident.id}>
            <Link href={`/incidents/?id=${incident.id}`} className="flex min-h-7 items-center gap-2 rounded text-[13px] hover:underline">
              <SeverityBadge severity={incident.severity} />
              <span className="min-w-0 truncate">{incident.title}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Neighbours({ title, ids, none, onChoose }: { title: string; ids: readonly string[]; none: string; onChoose: (id: string) => void }) {
  return (
    <Part title={title}>
      {ids.length === 0 && <p className="text-xs text-ink-muted">{none}</p>}
      <ul className="flex flex-wrap gap-1.5">
        {[...new Set(ids)].map((id) => (
          <li key={id}>
            <Neighbour id={id} onChoose={onChoose} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Neighbour({ id, onChoose }: { id: string; onChoose: (id: string) => void }) {
  const vitals = useServiceVitals(id);
  return (
    <button type="button" onClick={() => onChoose(id)} className="min-h-7 rounded hover:underline">
      <Badge tone={TONES[vitals?.level ?? "unknown"]}>{id}</Badge>
    </button>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-1.5 text-[13px] font-semibold">{title}</h3>
      {children}
    </div>
  );
}
