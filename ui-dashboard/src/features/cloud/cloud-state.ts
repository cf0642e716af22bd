/** What the page knows about the cloud, and how each event of the stream changes it. Pure. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { instantMs } from "@/format/format";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import type { IncidentNote } from "@/gen/ops/v1/incident_note_pb";
import type { StreamHeartbeat, StreamSnapshot } from "@/gen/ops/v1/stream_pb";
import type { SimulationEvent } from "@/gen/sim/v1/event_pb";
import type { SimulationState, Topology } from "@/gen/sim/v1/state_pb";
import type { StreamStatus } from "@/features/stream/stream-client";
import { told } from "./blind";
import type { Sample } from "./sample";

export interface CloudState {
  readonly connection: StreamStatus;
  /** How many snapshots arrived; 0 means that nothing is known yet. Each one is a moment to ask for lists anew. */
  readonly snapshots: number;
  /** Events that could not be read, and the last one's problem. */
  readonly malformed: { readonly count: number; readonly last: string };
  /** The orchestrator lives, but has not heard from sim-engine for 5 s. */
  readonly engineSilent: boolean;
  /** Server's wall clock minus ours, ms: countdowns follow the server's. */
  readonly serverOffsetMs: number;
  readonly simulation: SimulationState | undefined;
  readonly topology: Topology | undefined;
  readonly sample: Sample | undefined;
  /** Copy of `History.version`, so that charts can subscribe to it. */
  readonly historyVersion: number;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly actions: ReadonlyMap<string, Action>;
  /** What was written about incidents, or removed, since the page was opened. */
  readonly notes: ReadonlyMap<string, IncidentNote>;
  /** Newest first. */
  readonly events: readonly SimulationEvent[];
}

/** Lists that go further back are asked for page by page; these are what the stream alone may pile up. */
export const MAX_SETTLED = 300;
export const MAX_EVENTS = 200;

export const EMPTY_CLOUD: CloudState = {
  connection: { phase: "connecting", reason: "" },
  snapshots: 0,
  malformed: { count: 0, last: "" },
  engineSilent: false,
  serverOffsetMs: 0,
  simulation: undefined,
  topology: undefined,
  sample: undefined,
  historyVersion: 0,
  incidents: new Map(),
  actions: new Map(),
  notes: new Map(),
  events: [],
};

/** A snapshot is the truth about what is open: whatever it does not name was settled while we were away. */
export function withSnapshot(state: CloudState, snapshot: StreamSnapshot): CloudState {
  const settledIncidents = [...state.incidents].filter(([, incident]) => incident.resolved);
  const settledActions = [...state.actions].filter(([, action]) => action.status !== ActionStatus.PROPOSED);
  let incidents: ReadonlyMap<string, Incident> = new Map(settledIncidents);
  for (const incident of snapshot.openIncidents) incidents = withNewer(incidents, incident, "revision");
  let actions: ReadonlyMap<string, Action> = new Map(settledActions);
  for (const action of snapshot.pendingActions) actions = withNewer(actions, action, "version");
  return {
    ...withSimulation(state, snapshot.state),
    engineSilent: snapshot.state === undefined,
    snapshots: state.snapshots + 1,
    topology: snapshot.topology ?? state.topology,
    incidents,
    actions,
  };
}

export function withHeartbeat(state: CloudState, heartbeat: StreamHeartbeat, nowMs: number): CloudState {
  const serverOffsetMs = heartbeat.serverTime ? timestampMs(heartbeat.serverTime) - nowMs : state.serverOffsetMs;
  return { ...withSimulation(state, heartbeat.state), engineSilent: heartbeat.state === undefined, serverOffsetMs };
}

/** A new run starts from an empty page: samples and events of the last one do not belong to it. */
export function withSimulation(state: CloudState, simulation: SimulationState | undefined): CloudState {
  if (!simulation || isOlder(simulation, state.simulation)) return state;
  const sameRun = state.simulation === undefined || state.simulation.runId === simulation.runId;
  const sample = state.sample?.runId === simulation.runId ? state.sample : undefined;
  return sameRun ? { ...state, simulation, events: told(simulation, state.events) } : { ...state, simulation, sample, events: [] };
}

function isOlder(candidate: SimulationState, known: SimulationState | undefined): boolean {
  if (!known) return false;
  if (known.runId === candidate.runId) return candidate.tick < known.tick;
  return (instantMs(candidate.startedAt) ?? 0) < (instantMs(known.startedAt) ?? 0);
}

export function withIncident(state: CloudState, incident: Incident): CloudState {
  const known = state.incidents.get(incident.id);
  // An acknowledgement changes no revision: it is the API's own addition to the record, and is not taken back.
  if (known?.revision === incident.revision && known.acknowledgedBy === "" && incident.acknowledgedBy !== "") {
    return { ...state, incidents: new Map(state.incidents).set(incident.id, incident) };
  }
  return { ...state, incidents: bounded(withNewer(state.incidents, incident, "revision"), ({ resolved }) => resolved) };
}

/** A note that was removed stays removed, in whatever order messages and answers come. */
export function withNote(state: CloudState, note: IncidentNote): CloudState {
  if (note.id === "" || state.notes.get(note.id)?.removed) return state;
  return { ...state, notes: bounded(new Map(state.notes).set(note.id, note), () => true) };
}

export function withAction(state: CloudState, action: Action): CloudState {
  const settled = (known: Action) => known.status !== ActionStatus.PROPOSED;
  return { ...state, actions: bounded(withNewer(state.actions, action, "version"), settled) };
}

export function withEvent(state: CloudState, event: SimulationEvent): CloudState {
  if (state.events.some((known) => known.id === event.id)) return state;
  return { ...state, events: told(state.simulation, [event, ...state.events].slice(0, MAX_EVENTS)) };
}

/** Events of the run that were stored before the page listened, newest first. */
export function withStoredEvents(state: CloudState, stored: readonly SimulationEvent[]): CloudState {
  const known = new Set(state.events.map(({ id }) => id));
  const ours = stored.filter(({ id, runId }) => !known.has(id) && runId === state.simulation?.runId);
  if (ours.length === 0) return state;
  const events = [...state.events, ...ours].sort((a, b) => Number(b.tick - a.tick)).slice(0, MAX_EVENTS);
  return { ...state, events: told(state.simulation, events) };
}

/** Of two messages about one thing the higher number is the newer, in whatever order they come. */
function withNewer<K extends "revision" | "version", T extends { readonly id: string } & Record<K, bigint>>(
  known: ReadonlyMap<string, T>,
  message: T,
  counter: K,
): ReadonlyMap<string, T> {
  const current = known.get(message.id);
  if (message.id === "" || (current && current[counter] >= message[counter])) return known;
  const next = new Map(known);
  next.delete(message.id);
  next.set(message.id, message);
  return next;
}

/** Drops the settled things that changed longest ago; what is open is never dropped. */
function bounded<T>(known: ReadonlyMap<string, T>, settled: (value: T) => boolean): ReadonlyMap<string, T> {
  const done = [...known].filter(([, value]) => settled(value));
  if (done.length <= MAX_SETTLED) return known;
  const next = new Map(known);
  for (const [id] of done.slice(0, done.length - MAX_SETTLED)) next.delete(id);
  return next;
}
