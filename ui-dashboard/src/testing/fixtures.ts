/** Messages for tests, built from what the test cares about. */
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { ActionSchema, ActionStatus, ActionType } from "@/gen/ops/v1/action_pb";
import { IncidentNoteSchema } from "@/gen/ops/v1/incident_note_pb";
import { IncidentSchema } from "@/gen/ops/v1/incident_pb";
import { type PreviewOptionSchema, PreviewSchema } from "@/gen/ops/v1/preview_pb";
import { SilenceKind, SilenceSchema, SilenceState } from "@/gen/ops/v1/silence_pb";
import { StreamHeartbeatSchema, StreamSnapshotSchema } from "@/gen/ops/v1/stream_pb";
import { SimulationEventKind, SimulationEventSchema } from "@/gen/sim/v1/event_pb";
import { CloudMapSchema, MetricSnapshotSchema } from "@/gen/sim/v1/metrics_pb";
import { SimulationServiceReplayResponseSchema } from "@/gen/sim/v1/simulation_service_pb";
import { SimulationStateSchema, TopologySchema } from "@/gen/sim/v1/state_pb";

type Init<D extends DescMessage> = Exclude<MessageInitShape<D>, MessageShape<D>>;

export const RUN = "11111111-1111-5111-8111-111111111111";
export const START_MS = Date.UTC(2026, 10, 21, 14, 0, 0);

export const aTopology = (init: Init<typeof TopologySchema> = {}) =>
  create(TopologySchema, {
    name: "shop",
    zones: [{ id: "zone-a" }],
    nodes: [{ id: "node-a1", zoneId: "zone-a", cpuCores: 8, memoryGb: 32, networkMbps: 1000, state: "ready", version: 1n }],
    services: [
      { id: "gateway", profile: "api_gateway", desiredReplicas: 1, health: "healthy", entry: true, version: 1n, replicas: [{ nodeId: "node-a1", state: "running" }] },
      { id: "orders", profile: "api_server", desiredReplicas: 2, health: "healthy", version: 1n, replicas: [{ nodeId: "node-a1", state: "running" }, { ordinal: 1, nodeId: "node-a1", state: "starting" }] },
    ],
    edges: [{ fromServiceId: "gateway", toServiceId: "orders", callsPerRequest: 1 }],
    ...init,
  });

export const aState = (init: Init<typeof SimulationStateSchema> = {}) =>
  create(SimulationStateSchema, {
    simulationId: "default",
    runId: RUN,
    scenario: "normal",
    seed: 42n,
    tick: 100n,
    tickMs: 50,
    time: timestampFromMs(START_MS + 5_000),
    startedAt: timestampFromMs(START_MS),
    playing: true,
    speed: 1,
    effectiveSpeed: 1,
    ...init,
  });

/** One sample: `services` is `{ orders: { error_rate: 12 } }`. The tick follows from the second. */
export function aSample(
  second: number,
  services: Record<string, Record<string, number>>,
  init: Init<typeof MetricSnapshotSchema> = {},
) {
  const ids = Object.keys(services);
  const metrics = [...new Set(Object.values(services).flatMap((values) => Object.keys(values)))];
  return create(MetricSnapshotSchema, {
    simulationId: "default",
    runId: RUN,
    tick: BigInt(second * 20),
    time: timestampFromMs(START_MS + second * 1_000),
    shardCount: 1,
    sampleIntervalMs: 1_000,
    scenario: "normal",
    services: {
      ids,
      versions: ids.map(() => 1n),
      columns: metrics.map((metric) => ({ metric, values: ids.map((id) => services[id]?.[metric] ?? Number.NaN) })),
    },
    ...init,
  });
}

/** The map of `aTopology`, as samples carry it. */
export const aMap = (init: Init<typeof CloudMapSchema> = {}) =>
  create(CloudMapSchema, { services: ["gateway", "orders"], profiles: ["api_gateway", "api_server"], nodes: ["node-a1"], zones: ["zone-a"], nodeZones: [0], callers: [0], callees: [1], ...init });

export const aReplay = (init: Init<typeof SimulationServiceReplayResponseSchema> = {}) =>
  create(SimulationServiceReplayResponseSchema, { simulation: { id: "default", displayName: "default", state: aState() }, ...init });

export const anIncident = (init: Init<typeof IncidentSchema> = {}) =>
  create(IncidentSchema, {
    id: "22222222-2222-5222-8222-222222222222",
    simulationId: "default",
    runId: RUN,
    revision: 1n,
    ruleName: "error_rate_critical",
    family: "error_rate",
    target: { kind: TargetKind.SERVICE, id: "orders" },
    severity: Severity.CRITICAL,
    title: "orders: error rate 14.2 % > 10 %",
    description: "Mean error rate over 10 s was 14.2 %, threshold 10 %.",
    metric: "error_rate",
    observedValue: 14.2,
    threshold: 10,
    tick: 200n,
    detectedAt: timestampFromMs(START_MS + 10_000),
    updatedTick: 200n,
    updatedAt: timestampFromMs(START_MS + 10_000),
    ...init,
  });

export const aSilence = (init: Init<typeof SilenceSchema> = {}) =>
  create(SilenceSchema, {
    id: "66666666-6666-5666-8666-666666666666",
    kind: SilenceKind.SILENCE,
    simulationId: "default",
    matchers: { targets: [{ kind: TargetKind.SERVICE, id: "orders" }] },
    startsAt: timestampFromMs(START_MS),
    endsAt: timestampFromMs(START_MS + 1_800_000),
    comment: "known, OPS-17",
    createdBy: "ben",
    version: 3n,
    state: SilenceState.ACTIVE,
    ...init,
  });

export const anAction = (init: Init<typeof ActionSchema> = {}) =>
  create(ActionSchema, {
    id: "33333333-3333-5333-8333-333333333333",
    simulationId: "default",
    runId: RUN,
    incidentId: "22222222-2222-5222-8222-222222222222",
    type: ActionType.SCALE_UP,
    targetId: "orders",
    targetVersion: 1n,
    replicas: 2,
    status: ActionStatus.PROPOSED,
    version: 1n,
    reason: "orders runs at 97 % CPU with 2 replicas; 2 more bring it to about 49 %.",
    proposedAtTick: 210n,
    proposedAt: timestampFromMs(START_MS + 10_500),
    proposedBy: "agent-service",
    attempt: 1,
    expiresAt: timestampFromMs(Date.now() + 600_000),
    updatedAt: timestampFromMs(Date.now()),
    ...init,
  });

const flat = (value: number) => ({ low: value, mid: value, high: value });

/** An option of a preview; `bad` percent of requests fail or are slow. */
export const anOption = (bad: number, init: Init<typeof PreviewOptionSchema> = {}): Init<typeof PreviewOptionSchema> => ({
  futures: 8,
  p99Ms: { low: 90, mid: 120, high: 200 },
  errorPct: flat(bad / 2),
  sloMinutes: flat(bad / 10),
  badPct: flat(bad),
  coreHours: flat(1.5),
  points: [
    { atS: 5, p99Ms: flat(900), errorPct: flat(bad) },
    { atS: 300, p99Ms: flat(120), errorPct: flat(bad / 2) },
  ],
  ...init,
});

/** Doing nothing, the proposal of `anAction`, a better restart, and a drain that is refused. */
export const aPreview = (init: Init<typeof PreviewSchema> = {}) =>
  create(PreviewSchema, {
    simulationId: "default",
    runId: RUN,
    tick: 100n,
    time: timestampFromMs(START_MS + 5_000),
    horizonS: 300,
    futures: 8,
    options: [
      anOption(40, { rank: 3 }),
      anOption(12, {
        rank: 2,
        helps: 0.875,
        harms: 0.125,
        coreHours: flat(1.75),
        action: { type: ActionType.SCALE_UP, targetId: "orders", replicas: 2 },
        blastRadius: { services: ["orders"], replicas: 2, ofReplicas: 24, callers: ["gateway"] },
      }),
      anOption(0.5, { rank: 1, helps: 1, action: { type: ActionType.RESTART_SERVICE, targetId: "orders" }, blastRadius: { services: ["orders"], replicas: 2, ofReplicas: 24, callers: ["gateway"] } }),
      { refused: "node-a1 is down already", action: { type: ActionType.DRAIN_NODE, targetId: "node-a1" } },
    ],
    ...init,
  });

export const aNote = (init: Init<typeof IncidentNoteSchema> = {}) =>
  create(IncidentNoteSchema, {
    id: "66666666-6666-5666-8666-666666666666",
    incidentId: anIncident().id,
    author: "ana",
    text: "The disk of db-main is full.",
    writtenAt: timestampFromMs(Date.UTC(2026, 10, 22)),
    ...init,
  });

export const anEvent = (init: Init<typeof SimulationEventSchema> = {}) =>
  create(SimulationEventSchema, {
    id: "44444444-4444-5444-8444-444444444444",
    simulationId: "default",
    runId: RUN,
    tick: 150n,
    time: timestampFromMs(START_MS + 7_500),
    kind: SimulationEventKind.SERVICE_DEGRADED,
    target: { kind: TargetKind.SERVICE, id: "orders" },
    message: "orders is degraded",
    ...init,
  });

export const aSnapshot = (init: Init<typeof StreamSnapshotSchema> = {}) =>
  create(StreamSnapshotSchema, { state: aState(), topology: aTopology(), ...init });

export const aHeartbeat = (init: Init<typeof StreamHeartbeatSchema> = {}) => create(StreamHeartbeatSchema, init);
