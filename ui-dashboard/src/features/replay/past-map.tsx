"use client";

import { Hourglass, Waypoints } from "lucide-react";
import dynamic from "next/dynamic";
import { useCallback, useMemo, useState } from "react";
import { formatClock, plural } from "@/format/format";
import { graphOf, shapeOf } from "@/features/topology/graph";
import { ChoiceProvider } from "@/features/topology/map-choice";
import { PastVitalsProvider } from "@/features/topology/use-vitals";
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
        <ServiceMap graph={graph} aspect={aspect} chosen={service} onChoose={onService} />
      </ChoiceProvider>
    </PastVitalsProvider>
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
