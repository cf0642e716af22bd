"use client";

import { useSimulations } from "@/features/simulations/use-simulations";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import { Select } from "@/ui/field";

interface CompareSelectProps {
  readonly simulation: Simulation;
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

/** Another run beside this one: first of all the one that it comes from, and those that come from it. */
export function CompareSelect({ simulation: { id, forkedFrom }, value, onChange }: CompareSelectProps) {
  const { data } = useSimulations();
  const others = (data?.simulations ?? []).filter((one) => one.id !== id);
  const isKin = (one: Simulation) => one.id === forkedFrom?.simulationId || one.forkedFrom?.simulationId === id || (forkedFrom !== undefined && one.forkedFrom?.simulationId === forkedFrom.simulationId);
  const parent = (one: Simulation) => one.id === forkedFrom?.simulationId;
  const kin = others.filter(isKin).sort((a, b) => Number(parent(b)) - Number(parent(a)));
  const isThere = value === null || others.some((one) => one.id === value);
  const option = (one: Simulation) => (
    <option key={one.id} value={one.id}>
      {one.displayName}
      {parent(one) ? ", where it comes from" : ""}
    </option>
  );
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-muted">
      {value !== null && <span aria-hidden>beside</span>}
      <Select
        aria-label="Compare with"
        className="max-w-44 max-sm:max-w-30"
        value={value ?? ""}
        disabled={others.length === 0 && value === null}
        title={others.length === 0 ? "There is no other simulation; branch this one first" : "Compare with"}
        onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}
      >
        <option value="">{value === null ? "Compare with…" : "nothing"}</option>
        {!isThere && <option value={value}>{data === undefined ? value : `${value} (not there)`}</option>}
        {kin.length > 0 && <optgroup label="With the same beginning">{kin.map(option)}</optgroup>}
        {kin.length < others.length && <optgroup label="Others">{others.filter((one) => !isKin(one)).map(option)}</optgroup>}
      </Select>
    </span>
  );
}
