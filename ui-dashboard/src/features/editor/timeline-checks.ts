/** What is wrong with a timeline, as the engine would say it. Pure. */
import type { Cloud } from "./cloud";
import { faultKind, idleOn, isThere } from "./faults";
import { FAULT_FIELDS, TIME } from "./fields";
import type { Findings } from "./findings";
import { type Beginning, endOf, type Entry } from "./timeline";

/** `durationS` is the length of the scenario; 0 when it has no end. */
export function checkTimeline(entries: readonly Entry[], durationS: number, cloud: Cloud, found: Findings): void {
  for (const entry of entries) {
    const part = { kind: "moment", at: entry.at } as const;
    const path = ["timeline", entry.at] as const;
    found.numbers(part, path, entry.fields, [TIME]);
    if (entry.fields["at_s"] === undefined) found.add(part, path, "at_s is missing");
    else if (durationS > 0 && (entry.timeS ?? 0) > durationS) found.add(part, [...path, "at_s"], `at_s is ${entry.timeS}, after the end of the scenario; use at most duration_s, ${durationS}`);
    if (entry.does === "unclear") found.add(part, path, "give either inject or clear");
    else if (entry.does === "begin") checkFault(entry, cloud, found);
  }
  checkOrder(entries, found);
}

function checkFault({ at, kind: name, target, fault }: Beginning, cloud: Cloud, found: Findings): void {
  const part = { kind: "moment", at } as const;
  const path = ["timeline", at, "inject"] as const;
  const kind = faultKind(name);
  if (!kind) found.add(part, [...path, "kind"], name === "" ? "kind is missing" : `unknown fault kind "${name}"`);
  if (!target) found.add(part, [...path, "target"], "a target is exactly one of {service: ID}, {node: ID}, {zone: ID}, {simulation: true}");
  else if (!isThere(target, cloud)) found.add(part, [...path, "target"], `there is no ${target.kind} "${target.id}"`);
  else if (kind && !kind.targets.includes(target.kind)) found.add(part, [...path, "target"], `${name} cannot strike a ${target.kind}; give it a ${kind.targets.join(" or ")}`);
  else {
    const why = idleOn(name, target, cloud);
    if (why !== undefined) found.add(part, [...path, "kind"], `${name} makes no difference to ${target.id}, which ${why}; choose another`);
  }
  found.numbers(part, path, fault, FAULT_FIELDS);
}

/** No name is in force twice, and what is ended is in force. */
function checkOrder(entries: readonly Entry[], found: Findings): void {
  const begun = new Map<string, Beginning>();
  for (const entry of entries) {
    if (entry.does === "unclear" || (entry.does === "begin" && entry.id === "")) continue;
    const { at, id, timeS = 0 } = entry;
    const part = { kind: "moment", at } as const;
    const before = begun.get(id);
    const inForce = before !== undefined && timeS <= (endOf(before, []) ?? Infinity);
    if (entry.does === "end") {
      if (!inForce) found.add(part, ["timeline", at], `no fault "${id}" of the timeline is in force at ${timeS} s`);
      begun.delete(id);
    } else if (inForce) found.add(part, ["timeline", at], `fault id "${id}" is in force since ${before.timeS ?? 0} s; choose another id or end that one before`);
    else begun.set(id, entry);
  }
}
