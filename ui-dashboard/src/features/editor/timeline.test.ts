import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { check } from "./checks";
import { cloudOf } from "./cloud";
import type { Draft } from "./draft";
import { renameService, setScenario, setText } from "./edits";
import { FAULT_KINDS, faultKind, targetsIn } from "./faults";
import { partAt } from "./problems";
import { draftOfBundle, draftOfSketch, SKETCHES } from "./starts";
import { addEnd, addFault, beginnings, endOf, type Entry, faultWords, nameFault, placeFor, removeEntry, setEnd, setFault, setKind, setTarget, setTime, spanOf, timelineOf } from "./timeline";

const ROOT = resolve(import.meta.dirname, "../../../..");
const text = (path: string) => readFileSync(join(ROOT, path), "utf8");
const PATH = "cascade_failure.yaml";

const shop = () => draftOfBundle({ name: "cascade_failure", files: { [PATH]: text("scenarios/cascade_failure.yaml"), "topologies/shop.yaml": text("scenarios/topologies/shop.yaml") } });
const tiers = () => draftOfSketch(SKETCHES[1] ?? expect.fail());
const kind = (name: string) => faultKind(name) ?? expect.fail(name);
const told = (draft: Draft) => timelineOf(draft).map((entry) => `${entry.timeS} ${entry.does === "begin" ? faultWords(entry) : entry.does === "end" ? `end ${entry.id}` : "?"}`);
const at = (draft: Draft, does: Entry["does"], position = 0) => timelineOf(draft).filter((entry) => entry.does === does)[position]?.at ?? expect.fail();
const complaints = (draft: Draft) => check(draft).map(({ part, message }) => `${part.kind}: ${message}`);

describe("the kinds of faults are those of the engine", () => {
  it("as its documentation tells", () => {
    const rows = text("docs/model/faults.md").split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split("|").map((cell) => cell.trim())] : []));
    const documented = rows.filter((cells) => cells.length === 7).map(([, name = "", targets = "", severity = "", , says = ""]) => ({ name: name.replaceAll("`", ""), targets: targets.split(", "), severity: Number(severity), says }));
    expect(FAULT_KINDS).toEqual(documented);
  });

  it("and as the schema of the files names them", () => {
    const schema = JSON.parse(text("scenarios/schema/scenario.schema.json")) as { definitions: { FaultFile: { properties: { kind: { oneOf: { const: string; description: string }[] } } } } };
    expect(FAULT_KINDS.map(({ name, says }) => ({ const: name, description: says }))).toEqual(schema.definitions.FaultFile.properties.kind.oneOf);
  });
});

describe("what a fault can strike", () => {
  it("is what it makes a difference to", () => {
    const cloud = cloudOf(shop());
    const names = (fault: string) => targetsIn(cloud, kind(fault)).map(({ kind: struck, id }) => `${struck} ${id}`.trim());
    expect(names("traffic_spike")).toEqual(["simulation", "service cdn"]);
    expect(names("zone_outage")).toEqual(["zone zone-a", "zone zone-b", "zone zone-c"]);
    expect(names("disk_full")).toContain("service catalog-db");
    expect(names("disk_full")).not.toContain("service web");
    expect(names("cache_flush")).toContain("service catalog-cache");
    expect(names("cache_flush")).not.toContain("service payment");
  });
});

describe("a timeline", () => {
  it("begins before the truth, and grows in order of time", () => {
    const none = removeEntry(0)(shop());
    expect(none.files[PATH]).not.toContain("timeline");
    const draft = addFault(kind("node_crash"))(addFault(kind("traffic_spike"))(none));
    expect(draft.files[PATH]).toMatch(/timeline:\n  - at_s: 60\n    inject: \{kind: traffic_spike, target: \{simulation: true\}\}\n  - at_s: 120\n    inject: \{kind: node_crash, target: \{node: node-a1\}\}\ntruth:/);
    expect(complaints(draft)).toEqual([]);
  });

  it("leaves every other line as it is", () => {
    const before = shop();
    const after = setFault(0, ["severity"], 0.9)(before);
    const lines = (draft: Draft) => (draft.files[PATH] ?? "").split("\n");
    expect(lines(after).filter((line) => !lines(before).includes(line))).toEqual(["    inject: {id: payment-leak, kind: memory_leak, target: {service: payment}, severity: 0.9}"]);
    expect(setFault(0, ["severity"], 0.6)(after).files).toEqual(before.files);
  });

  it("puts an entry in its place when its time changes, and says where that is", () => {
    const draft = addFault(kind("zone_outage"))(addFault(kind("cpu_hog"))(shop()));
    expect(told(draft)).toEqual(["2 memory_leak on payment", expect.stringMatching(/^62 cpu_hog/), "122 zone_outage on zone-a"]);
    expect(placeFor(draft, 2, 10)).toBe(1);
    const moved = setTime(2, 10)(draft);
    expect(told(moved)[1]).toBe("10 zone_outage on zone-a");
    expect(timelineOf(moved).map((entry) => entry.at)).toEqual([0, 1, 2]);
    expect(placeFor(moved, 0, 500)).toBe(2);
    expect(told(setTime(0, 500)(moved)).at(-1)).toBe("500 memory_leak on payment");
    expect(setTime(0, 2)(draft)).toBe(draft);
  });

  it("gives a fault something to strike when it cannot strike what it did", () => {
    expect(told(setKind(0, "slow_node")(shop()))).toEqual(["2 slow_node on node-a1"]);
    expect(told(setKind(0, "cpu_hog")(shop()))).toEqual(["2 cpu_hog on payment"]);
    const draft = setTarget(0, { kind: "simulation", id: "" })(setKind(0, "traffic_spike")(shop()));
    expect(draft.files[PATH]).toContain("target: {simulation: true}");
    expect(complaints(draft)).toEqual([]);
  });

  it("ends faults, which get a name for that", () => {
    let draft = addFault(kind("memory_leak"))(tiers());
    draft = addEnd({ at: 0 })(draft);
    expect(draft.files["three_tiers.yaml"]).toContain("  - at_s: 60\n    inject: {id: balancer-memory-leak, kind: memory_leak, target: {service: balancer}}\n  - at_s: 120\n    clear: balancer-memory-leak\n");
    const [fault] = beginnings(timelineOf(draft));
    expect(fault && endOf(fault, timelineOf(draft))).toBe(120);
    expect(spanOf(timelineOf(draft), 0)).toBe(150);
    expect(spanOf(timelineOf(draft), 300)).toBe(300);
    expect(complaints(draft)).toEqual([]);
    expect(complaints(nameFault(0, "leak")(draft))).toEqual([]);
    expect(told(nameFault(0, "leak")(draft))[1]).toBe("120 end leak");
    expect(told(removeEntry(0)(draft))).toEqual([]);
    const other = addFault(kind("cpu_hog"))(draft);
    expect(told(setEnd(at(other, "end"), { at: at(other, "begin", 1) })(other))[1]).toBe("120 end balancer-cpu-hog");
  });

  it("follows a service that is renamed", () => expect(told(renameService("payment", "pay")(shop()))).toEqual(["2 memory_leak on pay"]));

  it("is left alone where there is nothing to strike", () => {
    const empty = setText("topologies/three_tiers.yaml", "name: three_tiers\n")(tiers());
    expect(addFault(kind("memory_leak"))(empty)).toBe(empty);
  });
});

describe("what is wrong with a timeline", () => {
  const wrong = (timeline: string) => setText(PATH, text("scenarios/cascade_failure.yaml").replace(/timeline:[\s\S]*?(?=truth:)/, `timeline:\n${timeline}\n`))(shop());

  it.each([
    ["  - {at_s: -1, clear: x}", ["at_s is -1; use a number from 0 to 2592000", 'no fault "x" of the timeline is in force at -1 s']],
    ["  - {clear: x}", ["at_s is missing", 'no fault "x" of the timeline is in force at 0 s']],
    ["  - {at_s: 1}", ["give either inject or clear"]],
    ["  - {at_s: 1, inject: {kind: flood, target: {service: web}}}", ['unknown fault kind "flood"']],
    ["  - {at_s: 1, inject: {kind: cpu_hog, target: {service: nobody}}}", ['there is no service "nobody"']],
    ["  - {at_s: 1, inject: {kind: cpu_hog, target: {zone: zone-a}}}", ["cpu_hog cannot strike a zone; give it a service or node"]],
    ["  - {at_s: 1, inject: {kind: cpu_hog, target: {zone: zone-a, node: node-a1}}}", ["a target is exactly one of {service: ID}, {node: ID}, {zone: ID}, {simulation: true}"]],
    ["  - {at_s: 1, inject: {kind: traffic_spike, target: {service: cart}}}", ["traffic_spike makes no difference to cart, which is not an entry service; choose another"]],
    ["  - {at_s: 1, inject: {kind: cpu_hog, target: {service: web}, severity: 2, duration_s: many}}", ["severity is 2; use a number from 0 to 1", 'duration_s is "many"; write a number']],
    ["  - {at_s: 1, inject: {id: a, kind: cpu_hog, target: {service: web}}}\n  - {at_s: 5, inject: {id: a, kind: cpu_hog, target: {service: cart}}}", ['fault id "a" is in force since 1 s; choose another id or end that one before']],
    ["  - {at_s: 1, inject: {id: a, kind: cpu_hog, target: {service: web}, duration_s: 2}}\n  - {at_s: 5, clear: a}", ['no fault "a" of the timeline is in force at 5 s']],
  ])("%s", (timeline, messages) => {
    const draft = wrong(timeline);
    const found = check(draft);
    expect(found.map(({ message }) => message)).toEqual(messages);
    for (const { file, line, part } of found) expect(partAt(draft, file, line)).toEqual(part);
  });

  it("an entry after the end", () => expect(complaints(setScenario(["duration_s"], 1)(shop()))).toEqual(["moment: at_s is 2, after the end of the scenario; use at most duration_s, 1"]));
});
