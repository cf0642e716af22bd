"use client";

import { useCloud } from "@/features/cloud/use-cloud";
import { formatNumber } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { Card } from "@/ui/card";
import { Slider } from "@/ui/slider";
import { useControl } from "./use-control";
import { MOST_TRAFFIC, useTraffic } from "./use-traffic";

/** How much comes in, and how often something breaks by itself. */
export function StressCard() {
  const chaos = useCloud(({ simulation }) => simulation?.chaosLevel);
  const setChaos = useControl(ControlService.method.setChaos, "The chaos level was not changed.", ({ state }) => state && (state.chaosLevel === 0 ? "No faults begin by chance any more" : `Chaos is at ${formatNumber(state.chaosLevel)}`));
  const traffic = useTraffic();
  return (
    <Card title="Traffic and chaos" hint="take effect at the next tick">
      <div className="grid gap-5 sm:grid-cols-2">
        <Slider
          label="Traffic"
          hint="Times what the scenario sends; more or less than that is a fault of the engine, in the list below."
          value={traffic.factor}
          min={0}
          max={MOST_TRAFFIC}
          step={0.1}
          disabled={chaos === undefined}
          words={(factor) => `${formatNumber(factor)}×`}
          onCommit={traffic.set}
        />
        <Slider
          label="Chaos"
          hint="From 0, where no fault begins by chance, to 1: about one a minute, up to four at once."
          value={chaos ?? 0}
          min={0}
          max={1}
          step={0.05}
          disabled={chaos === undefined}
          words={(level) => formatNumber(level)}
          onCommit={(level) => setChaos.run({ level })}
        />
      </div>
    </Card>
  );
}
