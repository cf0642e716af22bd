"use client";

import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { useCloud } from "@/features/cloud/use-cloud";
import { formatNumber } from "@/format/format";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import type { ActiveFault, FaultSpec } from "@/gen/sim/v1/fault_pb";
import { errorSentence } from "@/rpc/transport";
import { useFaults } from "./use-faults";

/** Tells the slider's own fault from those of others. */
const ID = "traffic-slider";
/** At severity 1 a spike multiplies traffic by 1 + 4, and a drop leaves none. */
const GAIN = 4;
export const MOST_TRAFFIC = 1 + GAIN;

type Pull = Pick<FaultSpec, "kind" | "severity">;

const factorOf = ({ kind, severity }: Pull) => (kind === "traffic_drop" ? 1 - severity : 1 + GAIN * severity);
const pullTo = (factor: number): Pull => (factor < 1 ? { kind: "traffic_drop", severity: rounded(1 - factor) } : { kind: "traffic_spike", severity: rounded((factor - 1) / GAIN) });
const rounded = (severity: number) => Number(severity.toFixed(4));

const own = (faults: readonly ActiveFault[]) => faults.flatMap(({ spec }) => (spec?.id.startsWith(ID) ? [spec] : []));

/** An id that is in force already would change nothing. */
const freshId = () => `${ID}-${Date.now()}`;

/** More or less traffic than the scenario sends: a fault of the engine that the slider keeps. */
export function useTraffic() {
  const transport = useTransport();
  const simulationId = useCloud(({ simulation }) => simulation?.simulationId ?? "default");
  const { data, refetch } = useFaults();
  const mine = own(data?.faults ?? []);
  const { mutate, isPending, variables } = useMutation({
    // One after the other: two at once would leave two faults.
    scope: { id: ID },
    mutationFn: async (factor: number) => {
      // What is in force now, not what was when the page was drawn.
      const { faults } = await callUnaryMethod(transport, ControlService.method.listFaults, {});
      for (const { id } of own(faults)) await callUnaryMethod(transport, ControlService.method.clearFault, { faultId: id });
      if (factor === 1) return;
      const fault = { id: freshId(), target: { kind: TargetKind.SIMULATION, id: simulationId }, ...pullTo(factor) };
      await callUnaryMethod(transport, ControlService.method.injectFault, { fault });
    },
    onSuccess: (_, factor) => toast.success(factor === 1 ? "Traffic is what the scenario sends" : `Traffic is ${formatNumber(factor)} times what the scenario sends`),
    onError: (cause) => toast.error("The traffic was not changed.", { description: errorSentence(cause) }),
    onSettled: () => refetch(),
  });
  const inForce = mine.reduce((factor, pull) => factor * factorOf(pull), 1);
  return { factor: isPending ? (variables ?? inForce) : Math.min(inForce, MOST_TRAFFIC), set: mutate };
}
