"use client";

import { Hourglass, Waypoints } from "lucide-react";
import dynamic from "next/dynamic";
import { useCallback, useMemo, useState } from "react";
import { formatClock, formatMetric, plural } from "@/format/format";
import { serviceRows } from "@/features/cloud/rows";
import { graphOf, shapeOf } from "@/features/topology/graph";
import { ChoiceProvider } from "@/features/topology/map-choice";
import { PastVitalsProvider } from "@/features/topology/use-vitals";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { EmptyState, Skeleton } from "@/ui/states";
import type { Moment } from "./moment";
import { type Past, secondsOf } from "./past";

/** Comes when it is needed, as on the page of the live map. */
const ServiceMap = dynamic(() => import("@/features/topology/service-map"), { ssr: false, loading: () => <Skeleton className="size-full" /> });

interface PastMapProps {
  readonly past: Past;
  /** Nothing when the run has not come that far. */
  readonly moment: Moment | undefined;
  readonly at: number;
  readonly service: string | null;
  readonly onService: (id: string | null) => void;
}

/** The map of a run at a moment. */
export function PastMap({ past, moment, at, service, onService }: PastMapProps) {
  const [aspect, setAspect] = useState<number>();
  const canvas = useCallback((element: HTMLDivElement | null) => {
    if (element) setAspect(element.clientWidth / Math.max(1, element.clientHeight));
  }, []);
  const { simulation } = past;
  const faulty = moment ? [...moment.faults.keys()].length : 0;
  const hint = moment && `at ${formatClock(secondsOf(past, at))}, scenario ${moment.frame.sample.scenario}${faulty > 0 ? `, faults on ${plural(faulty, "target")}` : ""}`;
  return (
    <Card flush title={`Map of ${simulation.displayName}`} hint={hint} data-testid={`past-map-${simulation.id}`}>
      <div ref={canvas} className="relative h-[42dvh] min-h-72">
        {moment && aspect === undefined && <Skeleton className="size-full" />}
        {moment && aspect !== undefined && <Drawn moment={moment} aspect={aspect} service={service} onService={onService} />}
        {!moment && <Beyond past={past} />}
      </div>
      {moment && <NotWell moment={moment} service={service} onService={onService} />}
    </Card>
  );
}

function Drawn({ moment: { topology, frame, faults }, aspect, service, onService }: Pick<PastMapProps, "service" | "onService"> & { moment: Moment; aspect: number }) {
  const shape = useMemo(() => shapeOf(topology), [topology]);
  const graph = useMemo(() => graphOf(shape), [shape]);
  if (graph.services.length === 0) {
    return (
      <EmptyState icon={Waypoints} title="The map of this moment is not known">
        The samples of this run were taken by an engine that told no map.
      </EmptyState>
    );
  }
  return (
    <PastVitalsProvider topology={topology} sample={frame.sample}>
      <ChoiceProvider service={service} focus={undefined} faults={faults}>
        <ServiceMap graph={graph} aspect={aspect} chosen={service} onChoose={onService} label="Map of the services at the moment; those that are not well are listed under it" />
      </ChoiceProvider>
    </PastVitalsProvider>
  );
}

/** Who is in trouble, in words. */
function NotWell({ moment: { topology, frame }, service, onService }: Pick<PastMapProps, "service" | "onService"> & { moment: Moment }) {
  const ill = serviceRows(topology, frame.sample).filter(({ health }) => health === "down" || health === "degraded");
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-2 gap-y-1 border-t border-line px-4 py-2 text-xs text-ink-muted">
      {ill.length === 0 ? "No service is known to be unwell." : "Not well:"}
      {ill.length > 0 && (
        <ul aria-label="Services that are not well" className="contents">
          {ill.map(({ id, health, metric }) => (
            <li key={id}>
              <button type="button" aria-pressed={id === service} onClick={() => onService(id === service ? null : id)} className="min-h-6 rounded hover:underline aria-pressed:outline-2 aria-pressed:outline-accent-ink">
                <Badge tone={health === "down" ? "critical" : "warning"}>
                  {id}
                  <span className="font-normal">
                    {health === "down" ? "down" : `${formatMetric("error_rate", metric("error_rate"))}, ${formatMetric("latency_p99", metric("latency_p99"))}`}
                  </span>
                </Badge>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Nothing, rather than zeros. */
function Beyond({ past }: { past: Past }) {
  return (
    <EmptyState icon={Hourglass} title={`This run ends at ${formatClock(secondsOf(past, past.to))}`} className="beyond h-full justify-center">
      There is nothing of it at this moment.
    </EmptyState>
  );
}
