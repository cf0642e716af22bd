#!/usr/bin/env python3
"""An agent on the bus: restarts what an incident suspects first. `pip install -r examples/agents/requirements.txt`, then

    microcloud agents register healer --description "restarts the first suspect"
    python3 examples/agents/bus.py nats://127.0.0.1:4222 healer
"""
import asyncio, pathlib, sys, uuid

import grpc, nats
from nats.js.api import ConsumerConfig, DeliverPolicy

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "proto"))
ops = grpc.protos("ops/v1/action.proto")
incident_pb2, control = grpc.protos("ops/v1/incident.proto"), grpc.protos("sim/v1/control_service.proto")


async def proposal(client, incident, name):
    service = incident.suspects[0].id
    reply = await client.request("sim.control.GetTopology", b"", timeout=5)
    services = control.GetTopologyResponse.FromString(reply.data).topology.services
    id = uuid.uuid5(uuid.UUID(incident.id), f"{name}/1/RESTART_SERVICE/{service}")  # the same whenever it is sent
    return ops.Action(
        id=str(id), simulation_id=incident.simulation_id, run_id=incident.run_id, incident_id=incident.id,
        type=ops.ACTION_TYPE_RESTART_SERVICE, target_id=service, status=ops.ACTION_STATUS_PROPOSED,
        target_version=next(known.version for known in services if known.id == service),
        reason=f"{service} is suspected: {incident.title}", proposed_at_tick=incident.updated_tick,
        proposed_at=incident.updated_at, proposed_by=name, attempt=1)


async def main(url, name):
    client = await nats.connect(url)
    stream = client.jetstream()
    new = ConsumerConfig(deliver_policy=DeliverPolicy.NEW)
    incidents = await stream.pull_subscribe("ops.incidents", durable=name, config=new)
    while True:
        try:
            messages = await incidents.fetch(10, timeout=5)
        except nats.errors.TimeoutError:
            continue
        for message in messages:
            incident = incident_pb2.Incident.FromString(message.data)
            suspected = [suspect.kind for suspect in incident.suspects[:1]]
            if suspected == [incident_pb2.SUSPECT_KIND_SERVICE] and not incident.symptom_of and not incident.resolved:
                action = await proposal(client, incident, name)
                headers = {"Nats-Msg-Id": f"{action.id}:0", "Mc-Type": "ops.v1.Action",
                           "Mc-Simulation": action.simulation_id, "Content-Type": "application/protobuf"}
                await stream.publish("ops.actions", action.SerializeToString(), headers=headers)
                print(f"proposed: restart {action.target_id}", flush=True)
            await message.ack()


asyncio.run(main(*sys.argv[1:]))
