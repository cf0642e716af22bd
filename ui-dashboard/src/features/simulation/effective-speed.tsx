import { Gauge } from "lucide-react";
import { formatSpeed } from "@/format/format";
import type { SimulationState } from "@/gen/sim/v1/state_pb";
import { cx } from "@/ui/class-names";

/** The share of the requested speed below which it is worth a word. */
const HELD_BACK = 0.9;

export function isHeldBack({ playing, speed, effectiveSpeed, speedLimitReason }: SimulationState): boolean {
  return playing && (speedLimitReason !== "" || effectiveSpeed < speed * HELD_BACK);
}

/** How fast it really goes, and why it is slower than asked for. */
export function EffectiveSpeed({ simulation }: { simulation: SimulationState }) {
  if (!simulation.playing) return <span className="whitespace-nowrap">paused</span>;
  const held = isHeldBack(simulation);
  return (
    <span className={cx("flex min-w-0 items-center gap-1", held && "text-warning")} title={simulation.speedLimitReason || "Effective speed"}>
      <Gauge aria-hidden className="size-3.5 shrink-0" />
      <span className="sr-only">Effective speed </span>
      {formatSpeed(simulation.effectiveSpeed)}
      {held && simulation.speedLimitReason !== "" && <span className="truncate 2xl:max-w-96">{simulation.speedLimitReason}</span>}
    </span>
  );
}
