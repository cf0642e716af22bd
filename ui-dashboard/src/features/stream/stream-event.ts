/** What `GET /api/stream` says, as generated messages. */
import { fromJsonString } from "@bufbuild/protobuf";
import { type Action, ActionSchema } from "@/gen/ops/v1/action_pb";
import { type Incident, IncidentSchema } from "@/gen/ops/v1/incident_pb";
import { type IncidentNote, IncidentNoteSchema } from "@/gen/ops/v1/incident_note_pb";
import {
  type StreamHeartbeat,
  StreamHeartbeatSchema,
  type StreamResync,
  StreamResyncSchema,
  type StreamSnapshot,
  StreamSnapshotSchema,
} from "@/gen/ops/v1/stream_pb";
import { type SimulationEvent, SimulationEventSchema } from "@/gen/sim/v1/event_pb";
import { type MetricSnapshot, MetricSnapshotSchema } from "@/gen/sim/v1/metrics_pb";

export type StreamEvent =
  | { readonly kind: "snapshot"; readonly message: StreamSnapshot }
  | { readonly kind: "metrics"; readonly message: MetricSnapshot }
  | { readonly kind: "event"; readonly message: SimulationEvent }
  | { readonly kind: "incident"; readonly message: Incident }
  | { readonly kind: "action"; readonly message: Action }
  | { readonly kind: "note"; readonly message: IncidentNote }
  | { readonly kind: "heartbeat"; readonly message: StreamHeartbeat }
  | { readonly kind: "resync"; readonly message: StreamResync };

/** `unknown` is an event type of a newer server and no fault; `malformed` is one that we should have understood. */
export type Decoded = StreamEvent | { readonly kind: "unknown" } | { readonly kind: "malformed"; readonly problem: string };

/** Fields that a newer server added must not make an older page blind. */
const LENIENT = { ignoreUnknownFields: true } as const;

export function decodeStreamEvent(type: string, data: string): Decoded {
  try {
    switch (type) {
      case "snapshot":
        return { kind: type, message: fromJsonString(StreamSnapshotSchema, data, LENIENT) };
      case "metrics":
        return { kind: type, message: fromJsonString(MetricSnapshotSchema, data, LENIENT) };
      case "event":
        return { kind: type, message: fromJsonString(SimulationEventSchema, data, LENIENT) };
      case "incident":
        return { kind: type, message: fromJsonString(IncidentSchema, data, LENIENT) };
      case "action":
        return { kind: type, message: fromJsonString(ActionSchema, data, LENIENT) };
      case "note":
        return { kind: type, message: fromJsonString(IncidentNoteSchema, data, LENIENT) };
      case "heartbeat":
        return { kind: type, message: fromJsonString(StreamHeartbeatSchema, data, LENIENT) };
      case "resync":
        return { kind: type, message: fromJsonString(StreamResyncSchema, data, LENIENT) };
      default:
        return { kind: "unknown" };
    }
  } catch (cause) {
    return { kind: "malformed", problem: `${type}: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
}
