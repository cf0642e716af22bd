"use client";

import { useQuery } from "@connectrpc/connect-query";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCloud } from "@/features/cloud/use-cloud";
import { Select } from "@/ui/field";
import { useScenario } from "./use-scenario";

export function ScenarioSelect() {
  const current = useCloud(({ simulation }) => simulation?.scenario);
  const { data, isError } = useQuery(ControlService.method.listScenarios);
  const scenario = useScenario();
  const names = data?.scenarios.map(({ name }) => name) ?? [];
  const options = current === undefined || names.includes(current) ? names : [current, ...names];
  return (
    <Select
      aria-label="Scenario"
      className="w-44 shrink max-lg:flex-1"
      value={current ?? ""}
      disabled={current === undefined || scenario.busy}
      title={isError ? "The list of scenarios could not be loaded" : "Scenario"}
      onChange={(event) => scenario.run({ scenario: event.target.value })}
    >
      {current === undefined && <option value="">no scenario</option>}
      {options.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </Select>
  );
}
