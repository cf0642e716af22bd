"use client";

import { useQuery as useCallQuery } from "@connectrpc/connect-query";
import { useQuery } from "@tanstack/react-query";
import { SystemService } from "@/gen/ops/v1/system_service_pb";
import { TelemetryService } from "@/gen/ops/v1/telemetry_service_pb";
import { plainUrl } from "@/rpc/transport";
import { readHealth, readingsOf, readMetrics } from "./health";

const LOOK_AGAIN_MS = 2_000;
/** As for a call: who takes longer does not answer. */
const TIMEOUT_MS = 10_000;

/** Also answers 503 when something is wrong: what matters is what it says. */
export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async ({ signal }) => {
      const answer = await fetch(plainUrl("/health"), { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
      const checks = readHealth(await answer.json());
      if (!checks) throw new Error("The answer of /health cannot be read.");
      return checks;
    },
  });
}

export function useReadings() {
  return useQuery({
    queryKey: ["metrics"],
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async ({ signal }) => {
      const answer = await fetch(plainUrl("/metrics"), { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
      if (!answer.ok) throw new Error(`/metrics answered ${answer.status}.`);
      return readingsOf(readMetrics(await answer.text()));
    },
  });
}

export function useCoverage() {
  return useCallQuery(TelemetryService.method.coverage, {}, { refetchInterval: LOOK_AGAIN_MS });
}

export function useBus() {
  return useCallQuery(SystemService.method.listStreams, {}, { refetchInterval: LOOK_AGAIN_MS });
}

export function useDeadLetters() {
  return useCallQuery(SystemService.method.listDeadLetters, {}, { refetchInterval: LOOK_AGAIN_MS });
}
