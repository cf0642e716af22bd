#!/usr/bin/env python3
"""An agent over HTTP; needs Python 3 alone: restarts what an incident suspects first, or scales it up if it is busy.

    TOKEN=$(microcloud agents register healer --description "restarts the first suspect") \\
        python3 examples/agents/connect.py http://127.0.0.1:8081
"""
import json, os, sys, time, urllib.error, urllib.request


def call(method, body):
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["TOKEN"]}
    url = f"{sys.argv[1].rstrip('/')}/ops.v1.AgentService/{method}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        refused = json.load(error)  # {"code": "failed_precondition", "message": "a sentence that says what to do"}
        print(refused["code"], refused["message"], flush=True)
        time.sleep(int(error.headers.get("Retry-After", 0)))
        return {}


tried = set()
while True:
    seen = call("Observe", {}).get("observation", {})
    for incident in seen.get("incidents", []):
        suspect = (incident.get("suspects") or [{"kind": ""}])[0]
        if incident.get("symptomOf") or suspect["kind"] != "SUSPECT_KIND_SERVICE" or incident["id"] in tried:
            continue
        cpu = seen["services"].get(suspect["id"], {}).get("values", {}).get("cpu_usage", 0.0)
        action = {"type": "ACTION_TYPE_RESTART_SERVICE"} if cpu < 80 else {"type": "ACTION_TYPE_SCALE_UP", "replicas": 2}
        action |= {"incidentId": incident["id"], "targetId": suspect["id"], "reason": f"suspected; CPU {cpu:.0f} %"}
        if call("Propose", action):
            tried.add(incident["id"])
    time.sleep(1)
