#!/usr/bin/env python3
"""An agent for `microcloud evaluate --agent "exec:python3 examples/agents/lockstep.py"`; needs Python 3 alone.

Acts on the first suspect of every incident that leads its group: more replicas if its processors are busy, a
restart if not; a machine is drained. Reads a JSON object a line and answers each observation with one.
"""
import json
import sys

BUSY_PCT = 80.0
WAIT_S = 90.0

acted = {}  # (kind, id) -> simulated second of the last action there


def remedy(suspect, observation):
    if suspect["kind"] == "node":
        return {"type": "DRAIN_NODE", "target": suspect["id"]}
    if suspect["kind"] == "service":
        cpu = observation["services"].get(suspect["id"], {}).get("cpu_usage") or 0.0
        if cpu > BUSY_PCT:
            return {"type": "SCALE_UP", "target": suspect["id"], "replicas": 2}
        return {"type": "RESTART_SERVICE", "target": suspect["id"]}
    return None  # nothing can be done to a zone as a whole


def answer(observation):
    actions, suspects = [], None
    for incident in observation["incidents"]:
        if incident["change"] == "resolved" or incident["symptom_of"] or not incident["suspects"]:
            continue
        suspects = incident["suspects"]
        first = (suspects[0]["kind"], suspects[0]["id"])
        action = remedy(suspects[0], observation)
        if action and observation["time_s"] >= acted.get(first, -WAIT_S) + WAIT_S:
            acted[first] = observation["time_s"]
            actions.append({**action, "incident": incident["id"], "reason": incident["title"]})
    return {"actions": actions, "suspects": suspects}


if __name__ == "__main__":
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "observation":
            print(json.dumps(answer(message)), flush=True)
