"use client";

import { useMemo } from "react";
import { isBlind } from "@/features/cloud/blind";
import { useCloud } from "@/features/cloud/use-cloud";
import { useFaults } from "@/features/simulation/use-faults";
import { faultsOf, type MapFaults, NO_FAULTS } from "./map-faults";

/** Faults in force by what they strike; none are told in a blind game. */
export function useMapFaults(): MapFaults {
  const { data } = useFaults();
  const topology = useCloud((state) => state.topology);
  const blind = useCloud(({ simulation }) => isBlind(simulation));
  return useMemo(() => (blind ? NO_FAULTS : faultsOf(data?.faults ?? [], topology)), [data, topology, blind]);
}
