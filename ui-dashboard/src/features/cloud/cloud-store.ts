/** The page's store: applies the stream's events to the state and the history, in batches. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { StreamStatus } from "@/features/stream/stream-client";
import type { StreamEvent } from "@/features/stream/stream-event";
import type { Action } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import type { IncidentNote } from "@/gen/ops/v1/incident_note_pb";
import type { SimulationEvent } from "@/gen/sim/v1/event_pb";
import type { MetricSnapshot } from "@/gen/sim/v1/metrics_pb";
import type { SimulationState, Topology } from "@/gen/sim/v1/state_pb";
import {
  type CloudState,
  EMPTY_CLOUD,
  withAction,
  withEvent,
  withHeartbeat,
  withIncident,
  withNote,
  withSimulation,
  withSnapshot,
  withStoredEvents,
} from "./cloud-state";
import { calmed } from "./calm";
import { History, type StoredSeries } from "./history";
import { SampleAssembler } from "./sample";

/** However fast the simulation runs, the page changes at most ten times a second. */
const FLUSH_EVERY_MS = 100;
/** Nobody reads a number that changes more often than this; charts and decisions do not wait for it. */
const CALM_EVERY_MS = 500;
/** What is out of sight is kept about right for whoever looks for it by other means than scrolling. */
const OUT_OF_SIGHT_EVERY_MS = 5_000;
/** A hidden tab's timers may stand still for a minute; its queue must not grow without end. */
const MAX_QUEUE = 2_000;

export class CloudStore {
  readonly history = new History();
  private readonly store: StoreApi<CloudState> = createStore(() => EMPTY_CLOUD);
  private readonly assembler = new SampleAssembler();
  private queue: StreamEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly getState = this.store.getState;
  readonly getInitialState = this.store.getInitialState;
  readonly subscribe = this.store.subscribe;
  /** The same state at a pace for reading. */
  readonly calm = calmed(this.store, CALM_EVERY_MS);
  /** And for what nobody sees at the moment. */
  readonly outOfSight = calmed(this.store, OUT_OF_SIGHT_EVERY_MS);

  constructor(private readonly now: () => number = Date.now) {}

  /** For the stream client: takes an event and shows it with the next batch. */
  readonly enqueue = (event: StreamEvent): void => {
    this.queue.push(event);
    if (this.queue.length >= MAX_QUEUE) this.flush();
    else this.timer ??= setTimeout(this.flush, FLUSH_EVERY_MS);
  };

  readonly flush = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    const events = this.queue;
    this.queue = [];
    if (events.length > 0) this.apply(events);
  };

  apply(events: readonly StreamEvent[]): void {
    let state = this.store.getState();
    for (const event of events) state = this.next(state, event);
    this.set({ ...state, historyVersion: this.history.version });
  }

  setConnection(connection: StreamStatus): void {
    // What was said before the connection changed is shown before the change.
    this.flush();
    this.set({ ...this.getState(), connection });
  }

  noteMalformed(problem: string): void {
    const { malformed } = this.getState();
    this.set({ ...this.getState(), malformed: { count: malformed.count + 1, last: problem } });
  }

  /** Answers of RPCs are news like any other; the stream will repeat them. */
  noteSimulation(simulation: SimulationState | undefined): void {
    this.set(this.clearHistoryOnNewRun(this.getState(), withSimulation(this.getState(), simulation)));
  }

  noteTopology(topology: Topology): void {
    this.set({ ...this.getState(), topology });
  }

  noteAction(action: Action | undefined): void {
    if (action) this.set(withAction(this.getState(), action));
  }

  noteIncident(incident: Incident | undefined): void {
    if (incident) this.set(withIncident(this.getState(), incident));
  }

  noteNote(note: IncidentNote | undefined): void {
    if (note) this.set(withNote(this.getState(), note));
  }

  noteStoredEvents(events: readonly SimulationEvent[]): void {
    this.set(withStoredEvents(this.getState(), events));
  }

  backfill(stored: readonly StoredSeries[]): void {
    this.history.backfill(stored);
    this.set({ ...this.getState(), historyVersion: this.history.version });
  }

  private next(state: CloudState, event: StreamEvent): CloudState {
    switch (event.kind) {
      case "snapshot": {
        this.history.markGap();
        const next = this.clearHistoryOnNewRun(state, withSnapshot(state, event.message));
        return event.message.metrics.reduce((known, metrics) => this.withMetrics(known, metrics), next);
      }
      case "metrics":
        return this.withMetrics(state, event.message);
      case "heartbeat":
        return this.clearHistoryOnNewRun(state, withHeartbeat(state, event.message, this.now()));
      case "incident":
        return withIncident(state, event.message);
      case "action":
        return withAction(state, event.message);
      case "note":
        return withNote(state, event.message);
      case "event":
        return withEvent(state, event.message);
      case "resync":
        return state;
    }
  }

  private withMetrics(state: CloudState, message: MetricSnapshot): CloudState {
    const sample = this.assembler.add(message);
    if (!sample) return state;
    if (state.sample && state.sample.runId !== sample.runId) this.history.clear();
    this.history.append(sample);
    return { ...state, sample };
  }

  private clearHistoryOnNewRun(before: CloudState, after: CloudState): CloudState {
    const changed = before.simulation !== undefined && before.simulation.runId !== after.simulation?.runId;
    if (changed && after.sample === undefined) this.history.clear();
    return changed ? { ...after, historyVersion: this.history.version } : after;
  }

  private set(state: CloudState): void {
    this.store.setState(state, true);
  }
}
