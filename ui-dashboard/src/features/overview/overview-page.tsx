"use client";

import { useCalmCloud } from "@/features/cloud/use-cloud";
import { Burning } from "./burning";
import { GoldenSignals } from "./golden-signals";
import { Headline } from "./headline";
import { NodeHealth } from "./node-health";
import { RecentEvents } from "./recent-events";
import { ServiceHealth } from "./service-health";
import { TelemetryCharts } from "./telemetry-charts";
import { TrafficCard } from "./traffic-card";
import { useChosenServices } from "./use-chosen-services";
import { Waiting } from "./waiting";
import { ZoneHealth } from "./zone-health";

/** Is the cloud well, what is burning, and what waits for me: in this order. */
export function OverviewPage() {
  const services = useChosenServices();
  const loading = useCalmCloud((state) => state.snapshots === 0);
  return (
    <div className="flex flex-col gap-4" aria-busy={loading}>
      <Headline />
      <div className="grid gap-4 lg:grid-cols-2">
        <Burning />
        <Waiting />
      </div>
      <GoldenSignals />
      <ZoneHealth />
      <TelemetryCharts services={services} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_19rem] 2xl:grid-cols-[minmax(0,1fr)_26rem]">
        <ServiceHealth services={services} />
        <div className="flex min-w-0 flex-col gap-4">
          <TrafficCard />
          <RecentEvents />
        </div>
      </div>
      <NodeHealth />
    </div>
  );
}
