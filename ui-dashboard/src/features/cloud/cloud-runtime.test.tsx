import { toJson } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamHeartbeatSchema, StreamSnapshotSchema } from "@/gen/ops/v1/stream_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationEventKind, SimulationEventSchema } from "@/gen/sim/v1/event_pb";
import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import { aHeartbeat, anEvent, aSnapshot, aState, aTopology } from "@/testing/fixtures";
import { type CloudRuntime, startCloud } from "./cloud-runtime";
import { CloudStore } from "./cloud-store";

/** More than events are gathered for before the topology is asked for. */
const A_WHILE_MS = 1_000;

describe("the topology", () => {
  const getTopology = vi.fn(() => ({ topology: aTopology() }));
  let cloud: CloudStore;
  let runtime: CloudRuntime;
  let send: (kind: string, json: unknown) => Promise<void>;

  const snapshot = (status: SimulationStatus, topology = undefined as ReturnType<typeof aTopology> | undefined) => send("snapshot", toJson(StreamSnapshotSchema, aSnapshot({ state: aState({ status }), topology })));
  const heartbeat = (status: SimulationStatus) => send("heartbeat", toJson(StreamHeartbeatSchema, aHeartbeat({ state: aState({ status }) })));

  beforeEach(async () => {
    vi.useFakeTimers();
    getTopology.mockClear();
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) }), { status: 200 })));
    send = async (kind, json) => {
      controller?.enqueue(new TextEncoder().encode(`event: ${kind}\ndata: ${JSON.stringify(json)}\n\n`));
      await vi.advanceTimersByTimeAsync(A_WHILE_MS);
    };
    cloud = new CloudStore();
    const transport = createRouterTransport(({ service }) => void service(ControlService, { getTopology }));
    runtime = startCloud(cloud, transport, "/api/stream");
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    runtime.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is asked for when the snapshot has none", async () => {
    await snapshot(SimulationStatus.RUNNING);
    expect(getTopology).toHaveBeenCalledOnce();
    expect(cloud.getState().topology?.name).toBe("shop");
  });

  it.each([SimulationStatus.STOPPED, SimulationStatus.FAILED])("is not asked of a simulation that would refuse, but as soon as it runs (%s)", async (status) => {
    await snapshot(status);
    await snapshot(status);
    expect(getTopology).not.toHaveBeenCalled();
    await heartbeat(SimulationStatus.RUNNING);
    await heartbeat(SimulationStatus.RUNNING);
    expect(getTopology).toHaveBeenCalledOnce();
  });

  it("is not asked of an engine that is silent", async () => {
    await send("snapshot", {});
    expect(getTopology).not.toHaveBeenCalled();
    await heartbeat(SimulationStatus.PAUSED);
    expect(getTopology).toHaveBeenCalledOnce();
  });

  it("changed while the simulation came to a stop: it is asked for when it goes on", async () => {
    await snapshot(SimulationStatus.STOPPED, aTopology());
    await send("event", toJson(SimulationEventSchema, anEvent({ kind: SimulationEventKind.NODE_DOWN })));
    expect(getTopology).not.toHaveBeenCalled();
    await heartbeat(SimulationStatus.RUNNING);
    expect(getTopology).toHaveBeenCalledOnce();
    await heartbeat(SimulationStatus.PAUSED);
    expect(getTopology).toHaveBeenCalledOnce();
  });
});
