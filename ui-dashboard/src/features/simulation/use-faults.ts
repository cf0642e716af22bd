"use client";

import { createConnectQueryKey, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isOver } from "@/features/cloud/answers";
import { useCloud } from "@/features/cloud/use-cloud";
import { ControlService } from "@/gen/sim/v1/control_service_pb";

const METHOD = ControlService.method.listFaults;

/** Faults in force and kinds that can be injected; asked for again when the number in force changes, and not while the simulation is stopped. */
export function useFaults() {
  const queries = useQueryClient();
  const inForce = useCloud(({ simulation }) => simulation?.activeFaults);
  const run = useCloud(({ simulation }) => simulation?.runId);
  const over = useCloud(({ simulation }) => isOver(simulation?.status));
  useEffect(() => {
    if (over) return;
    void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: METHOD, cardinality: "finite" }) });
  }, [queries, inForce, run, over]);
  return { ...useQuery(METHOD, undefined, { enabled: !over }), over };
}
