"use client";

import { useQuery } from "@connectrpc/connect-query";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { chooseSimulation, DEFAULT_SIMULATION } from "@/rpc/simulation";
import { Select } from "@/ui/field";
import { useChosenSimulation } from "./use-chosen-simulation";

/** Simulations are created elsewhere; nobody waits for this list. */
const REFRESH_MS = 5_000;

/** Which simulation the page is about. Not there while there is only one. */
export function SimulationSelect() {
  const chosen = useChosenSimulation();
  const { data } = useQuery(SimulationService.method.list, {}, { refetchInterval: REFRESH_MS });
  const simulations = data?.simulations ?? [];
  if (simulations.length < 2 && chosen === DEFAULT_SIMULATION) return null;
  const isThere = simulations.some(({ id }) => id === chosen);
  return (
    <Select aria-label="Simulation" title="Simulation" className="w-36 shrink max-sm:flex-1" value={chosen} onChange={(event) => chooseSimulation(event.target.value)}>
      {!isThere && <option value={chosen}>{data === undefined ? chosen : `${chosen} (deleted)`}</option>}
      {simulations.map(({ id, displayName }) => (
        <option key={id} value={id} title={id}>
          {displayName}
        </option>
      ))}
    </Select>
  );
}
