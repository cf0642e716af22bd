"use client";

import { useQuery } from "@connectrpc/connect-query";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCloud } from "@/features/cloud/use-cloud";
import { Select } from "@/ui/field";
import { byFamily } from "./scenario-families";
import { useScenario } from "./use-scenario";

export function ScenarioSelect() {
  const current = useCloud(({ simulation }) => simulation?.scenario);
  const { data, isError } = useQuery(ControlService.method.listScenarios);
  const scenario = useScenario();
  const scenarios = data?.scenarios ?? [];
  const running = scenarios.find(({ name }) => name === current);
  return (
    <Select
      aria-label="Scenario"
      className="w-44 shrink max-lg:flex-1"
      value={current ?? ""}
      disabled={current === undefined || scenario.busy}
      title={isError ? "The list of scenarios could not be loaded" : (running?.description ?? "Scenario")}
      onChange={(event) => scenario.run({ scenario: event.target.value })}
    >
      {current === undefined && <option value="">no scenario</option>}
      {current !== undefined && running === undefined && <option value={current}>{current}</option>}
      {byFamily(scenarios).map(({ family, title, members }) => (
        <optgroup key={family} label={title}>
          {members.map(({ name, description }) => (
            <option key={name} value={name} title={description}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </Select>
  );
}
