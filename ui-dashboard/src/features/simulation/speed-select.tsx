"use client";

import { formatSpeed } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCloud } from "@/features/cloud/use-cloud";
import { Select } from "@/ui/field";
import { useControl } from "./use-control";

export const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Simulated seconds a wall-clock second. */
export function SpeedSelect() {
  const speed = useCloud(({ simulation }) => simulation?.speed);
  const { run, busy } = useControl(ControlService.method.setSpeed, "The speed was not changed.");
  const options = speed === undefined || SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((a, b) => a - b);
  return (
    <Select aria-label="Speed" title="Requested speed" className="w-20" value={speed ?? ""} disabled={speed === undefined || busy} onChange={(event) => run({ speed: Number(event.target.value) })}>
      {speed === undefined && <option value="">–</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {formatSpeed(option)}
        </option>
      ))}
    </Select>
  );
}
