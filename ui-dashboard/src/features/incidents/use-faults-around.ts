import { useQuery } from "@connectrpc/connect-query";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import { instantMs } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { TelemetryService } from "@/gen/ops/v1/telemetry_service_pb";
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { FAULTS_BEFORE_MS } from "./timeline";

const KINDS = [SimulationEventKind.FAULT_STARTED, SimulationEventKind.FAULT_ENDED];
const MAX = 100;

/** When faults began and ended before and during an incident: what is stored, and what the stream has told since. */
export function useFaultsAround({ simulationId, runId, detectedAt, resolvedAt }: Incident): readonly SimulationEvent[] {
  const live = useCloud((state) => state.events);
  const from = timestampFromMs((instantMs(detectedAt) ?? 0) - FAULTS_BEFORE_MS);
  const { data } = useQuery(TelemetryService.method.events, { simulationId, runId, kinds: KINDS, from, to: resolvedAt, limit: MAX });
  return useMemo(() => [...new Map([...(data?.events ?? []), ...live].map((event) => [event.id, event])).values()], [data, live]);
}
