import { History } from "lucide-react";
import { formatSimulatedTime, shortNumbers } from "@/format/format";
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { type BadgeTone, Dot } from "@/ui/badge";
import { EmptyState } from "@/ui/states";

const TONES: Readonly<Partial<Record<SimulationEventKind, BadgeTone>>> = {
  [SimulationEventKind.FAULT_STARTED]: "high",
  [SimulationEventKind.SERVICE_DEGRADED]: "warning",
  [SimulationEventKind.REPLICA_CRASHED]: "critical",
  [SimulationEventKind.NODE_DOWN]: "critical",
  [SimulationEventKind.ACTION_FAILED]: "critical",
  [SimulationEventKind.CIRCUIT_OPENED]: "high",
  [SimulationEventKind.CIRCUIT_HALF_OPEN]: "warning",
  [SimulationEventKind.CIRCUIT_CLOSED]: "ok",
  [SimulationEventKind.SERVICE_RECOVERED]: "ok",
  [SimulationEventKind.NODE_READY]: "ok",
  [SimulationEventKind.REPLICA_READY]: "ok",
  [SimulationEventKind.ACTION_SUCCEEDED]: "ok",
  [SimulationEventKind.FAULT_ENDED]: "ok",
  [SimulationEventKind.ACTION_EXECUTING]: "accent",
};

export function eventTone({ kind }: Pick<SimulationEvent, "kind">): BadgeTone {
  return TONES[kind] ?? "neutral";
}

export function EventList({ events }: { events: readonly SimulationEvent[] }) {
  if (events.length === 0) {
    return (
      <EmptyState icon={History} title="No events yet">
        Faults, crashes, recoveries and actions are listed here as they happen.
      </EmptyState>
    );
  }
  return (
    <ol className="divide-y divide-line">
      {events.map((event) => (
        <li key={event.id} className="flex items-baseline gap-2.5 px-4 py-2 text-[13px]">
          <time className="shrink-0 font-mono text-xs text-ink-muted">{formatSimulatedTime(event.time)}</time>
          <Dot tone={eventTone(event)} />
          <span className="min-w-0 break-words">{shortNumbers(event.message)}</span>
        </li>
      ))}
    </ol>
  );
}
