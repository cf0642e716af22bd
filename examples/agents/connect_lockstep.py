#!/usr/bin/env python3
"""A client of `microcloud evaluate --agent connect`; needs Python 3 alone.

    microcloud evaluate --agent connect:9000 --suite lite --seeds 1 &
    python3 examples/agents/connect_lockstep.py http://127.0.0.1:9000

Plays what examples/agents/lockstep.py plays. Simulated time waits for each answer, so that a model may be asked here.
"""
import json
import sys
import urllib.request

import lockstep

URL = sys.argv[1].rstrip("/") + "/eval.v1.EpisodeService/Step"


def step(request):
    body = json.dumps(request).encode()
    call = urllib.request.Request(URL, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(call, timeout=60) as response:
        return json.load(response)


said = step({})
while not said.get("finished"):
    message = (said.get("says") or [{"type": "none"}])[-1]
    if said.get("turn") == 1:
        lockstep.acted.clear()  # a new episode
    if message["type"] == "observation":
        answer = lockstep.answer(message)
        said = step({"episodeId": said["episodeId"], "turn": said["turn"], "answer": answer})
    else:
        said = step({})  # it is over, or none has come yet
