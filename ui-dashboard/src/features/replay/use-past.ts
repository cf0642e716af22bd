"use client";

import { Code, ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { patiently } from "@/rpc/patient";
import { loadPast, type Past, type Span } from "./past";

/** What was computed once stays true as long as the run does. */
const KEPT_MS = 300_000;
/** Only these may be different the next time. */
const PASSING: ReadonlySet<Code> = new Set([Code.Aborted, Code.Unavailable]);

/** The past of a simulation, or a part of it; of nobody when there is no id. */
export function usePast(simulationId: string | null, part?: Span) {
  const transport = patiently(useTransport());
  return useQuery<Past>({
    queryKey: ["past", simulationId, part?.from ?? 0, part?.to ?? 0],
    queryFn: ({ signal }) => loadPast((request) => callUnaryMethod(transport, SimulationService.method.replay, request, { signal }), { simulationId: simulationId ?? "", part }),
    enabled: simulationId !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    retry: (tries, cause) => tries < 1 && PASSING.has(ConnectError.from(cause).code),
    placeholderData: (before) => (before?.simulation.id === simulationId ? keepPreviousData(before) : undefined),
  });
}
