import type { Node, Replica, Service } from "@/gen/sim/v1/state_pb";
import { Badge, type BadgeTone } from "@/ui/badge";

const STATES: Readonly<Record<string, BadgeTone>> = { running: "ok", starting: "info", draining: "warning", crashed: "critical" };

export function replicaTone({ state }: Pick<Replica, "state">): BadgeTone {
  return STATES[state] ?? "neutral";
}

/** Each copy of a service: its number, where it runs, and in which state. */
export function ReplicaList({ service: { replicas, desiredReplicas }, nodes }: { service: Service; nodes: readonly Node[] }) {
  const zones = new Map(nodes.map(({ id, zoneId }) => [id, zoneId]));
  return (
    <>
      <ul className="divide-y divide-line rounded-md border border-line text-[13px]">
        {replicas.map((replica) => (
          <li key={replica.ordinal} className="flex items-center gap-2 px-3 py-1.5">
            <span className="w-8 text-ink-muted">#{replica.ordinal}</span>
            <span className="min-w-0 truncate">{replica.nodeId}</span>
            <span className="text-xs text-ink-muted">{zones.get(replica.nodeId)}</span>
            <Badge tone={replicaTone(replica)} className="ml-auto">
              {replica.state}
            </Badge>
          </li>
        ))}
      </ul>
      {replicas.length < desiredReplicas && <p className="mt-1.5 text-xs text-warning">{desiredReplicas} should run.</p>}
    </>
  );
}
