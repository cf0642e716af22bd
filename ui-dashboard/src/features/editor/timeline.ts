/** What happens when in a scenario, read from its file and changed there. Pure. */
import { type Document, isMap, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { cloudOf } from "./cloud";
import { asList, asRecord, asText, changeFile, type Draft, type Fields, type Path, scenarioFile, scenarioPath, setAt } from "./draft";
import { type Edit, freeName } from "./edits";
import { type FaultKind, faultKind, readTarget, type Target, targetsIn, targetWords, writtenTarget } from "./faults";

interface Moment {
  /** Position in the file. */
  readonly at: number;
  /** Simulated seconds after the beginning; nothing when the file gives no number. */
  readonly timeS: number | undefined;
  /** Of the whole entry. */
  readonly fields: Fields;
}

export interface Beginning extends Moment {
  readonly does: "begin";
  readonly id: string;
  readonly kind: string;
  readonly target: Target | undefined;
  readonly fault: Fields;
}

export interface End extends Moment {
  readonly does: "end";
  /** Of the fault that ends. */
  readonly id: string;
}

/** Neither or both of the two. */
interface Unclear extends Moment {
  readonly does: "unclear";
}

export type Entry = Beginning | End | Unclear;

/** A new entry comes so long after the last one. */
const STEP_S = 60;

/** In order of time; those of the same time, and those without one, as they are written. */
export function timelineOf(draft: Draft): Entry[] {
  const entries = asList(asRecord(scenarioFile(draft).value)["timeline"]).map(readEntry);
  return entries.toSorted((left, right) => (left.timeS ?? Infinity) - (right.timeS ?? Infinity) || left.at - right.at);
}

function readEntry(value: unknown, at: number): Entry {
  const fields = asRecord(value);
  const { at_s: time, inject, clear } = fields;
  const moment = { at, timeS: typeof time === "number" ? time : undefined, fields };
  if ((inject === undefined) === (clear === undefined)) return { ...moment, does: "unclear" };
  if (clear !== undefined) return { ...moment, does: "end", id: asText(clear) };
  const fault = asRecord(inject);
  return { ...moment, does: "begin", id: asText(fault["id"]), kind: asText(fault["kind"]), target: readTarget(fault["target"]), fault };
}

export function beginnings(entries: readonly Entry[]): Beginning[] {
  return entries.filter((entry) => entry.does === "begin");
}

/** When a fault is over: by itself, or ended by the timeline; nothing when it goes on. */
export function endOf({ at, timeS = 0, id, fault }: Beginning, entries: readonly Entry[]): number | undefined {
  const lasts = Number(fault["duration_s"]);
  const byItself = lasts > 0 ? timeS + lasts : Infinity;
  const after = entries.slice(entries.findIndex((entry) => entry.at === at) + 1);
  const ended = id === "" ? undefined : after.find((entry) => entry.does === "end" && entry.id === id)?.timeS;
  const over = Math.min(byItself, ended ?? Infinity);
  return Number.isFinite(over) ? over : undefined;
}

/** How much time there is to show, s. */
export function spanOf(entries: readonly Entry[], durationS: number): number {
  if (durationS > 0) return durationS;
  const last = entries.map((entry) => (entry.does === "begin" ? endOf(entry, entries) : undefined) ?? entry.timeS ?? 0);
  return Math.max(STEP_S, ...last) * 1.25;
}

export function faultWords({ kind, target }: Pick<Beginning, "kind" | "target">): string {
  return `${kind === "" ? "a fault" : kind} on ${target ? targetWords(target) : "nothing"}`;
}

const edit = (draft: Draft, change: (list: YAMLSeq, doc: Document) => void): Draft =>
  changeFile(draft, scenarioPath(draft), (doc) => {
    const list = timelineIn(doc);
    if (list) change(list, doc);
    if (list?.items.length === 0) doc.delete("timeline");
  });

/** Made, if it is not there, before what is true about the scenario, as in those that ship. */
function timelineIn(doc: Document): YAMLSeq | undefined {
  const there = doc.get("timeline");
  if (isSeq(there)) return there;
  const { contents } = doc;
  if (!isMap(contents)) return undefined;
  doc.delete("timeline");
  const pair = doc.createPair("timeline", []) as Pair<unknown, YAMLSeq>;
  const truth = contents.items.findIndex(({ key }) => String(key) === "truth");
  contents.items.splice(truth < 0 ? contents.items.length : truth, 0, pair as (typeof contents.items)[number]);
  return pair.value ?? undefined;
}

/** Among the others by its time, after those of the same time. */
function insert(list: YAMLSeq, item: unknown, timeS: number): void {
  const later = list.items.findIndex((other) => isMap(other) && Number(other.get("at_s")) > timeS);
  list.items.splice(later < 0 ? list.items.length : later, 0, item);
}

function itemAt(list: YAMLSeq, at: number): YAMLMap | undefined {
  const item = list.items[at];
  return isMap(item) ? item : undefined;
}

/** When the next entry may be: after the last one, within the scenario. */
function nextTime(draft: Draft): number {
  const durationS = Number(asRecord(scenarioFile(draft).value)["duration_s"]) || Infinity;
  const last = timelineOf(draft).findLast(({ timeS }) => timeS !== undefined)?.timeS;
  return Math.min(last === undefined ? STEP_S : last + STEP_S, durationS);
}

/** Strikes the first thing to which it makes a difference; nothing happens where there is no such thing. */
export const addFault = (kind: FaultKind): Edit => (draft) => {
  const target = targetsIn(cloudOf(draft), kind)[0];
  if (!target) return draft;
  const timeS = nextTime(draft);
  return edit(draft, (list, doc) => {
    const item = doc.createNode({ at_s: timeS, inject: { kind: kind.name, target: writtenTarget(target) } }) as unknown as YAMLMap;
    const inject = item.get("inject");
    if (isMap(inject)) inject.flow = true;
    insert(list, item, timeS);
  });
};

/** Ends a fault of the timeline, which gets a name if it has none. */
export const addEnd = ({ at }: Pick<Beginning, "at">): Edit => (draft) => {
  const [named, id] = withName(draft, at);
  const begun = timelineOf(named).find((entry) => entry.at === at)?.timeS ?? 0;
  const timeS = Math.max(begun, nextTime(named));
  return edit(named, (list, doc) => insert(list, doc.createNode({ at_s: timeS, clear: id }), timeS));
};

/** Another fault ends there. */
export const setEnd = (at: number, fault: Pick<Beginning, "at">): Edit => (draft) => {
  const [named, id] = withName(draft, fault.at);
  return edit(named, (_, doc) => setAt(doc, ["timeline", at, "clear"], id));
};

function withName(draft: Draft, at: number): readonly [Draft, string] {
  const entries = timelineOf(draft);
  const fault = beginnings(entries).find((entry) => entry.at === at);
  if (!fault) return [draft, ""];
  if (fault.id !== "") return [draft, fault.id];
  const wanted = [fault.target?.id, fault.kind].filter(Boolean).join("-").replaceAll("_", "-");
  const id = freeName(wanted, beginnings(entries).map((entry) => entry.id));
  const next = edit(draft, (list, doc) => {
    const inject = itemAt(list, at)?.get("inject");
    // A name is what one reads first.
    if (isMap(inject)) inject.items.unshift(doc.createPair("id", id) as (typeof inject.items)[number]);
  });
  return [next, id];
}

/** Whatever ends it goes along. */
export const nameFault = (at: number, to: string): Edit => (draft) => {
  const from = beginnings(timelineOf(draft)).find((entry) => entry.at === at)?.id ?? "";
  return edit(draft, (list, doc) => {
    setAt(doc, ["timeline", at, "inject", "id"], to === "" ? undefined : to);
    if (from === "" || to === "") return;
    for (const item of list.items) if (isMap(item) && item.get("clear") === from) item.set("clear", to);
  });
};

/** Sets a field of a fault; without a value it is taken out. */
export const setFault = (at: number, path: Path, value: unknown): Edit => (draft) => edit(draft, (_, doc) => setAt(doc, ["timeline", at, "inject", ...path], value));

export const setTarget = (at: number, target: Target): Edit => (draft) =>
  edit(draft, (_, doc) => doc.setIn(["timeline", at, "inject", "target"], doc.createNode(writtenTarget(target), { flow: true })));

/** What it cannot strike, it strikes no longer. */
export const setKind = (at: number, name: string): Edit => (draft) => {
  const next = setFault(at, ["kind"], name)(draft);
  const kind = faultKind(name);
  const targets = kind ? targetsIn(cloudOf(draft), kind) : [];
  const there = beginnings(timelineOf(draft)).find((entry) => entry.at === at)?.target;
  const first = targets[0];
  const fits = targets.some((target) => target.kind === there?.kind && target.id === there.id);
  return first && !fits ? setTarget(at, first)(next) : next;
};

/** Goes to its place among the others. */
export const setTime = (at: number, timeS: number): Edit => (draft) =>
  edit(draft, (list, doc) => {
    const item = itemAt(list, at);
    if (!item || item.get("at_s") === timeS) return;
    setAt(doc, ["timeline", at, "at_s"], timeS);
    list.items.splice(at, 1);
    insert(list, item, timeS);
  });

/** Where that would put it. */
export function placeFor(draft: Draft, at: number, timeS: number): number {
  const others = timelineOf(draft).toSorted((left, right) => left.at - right.at).filter((entry) => entry.at !== at);
  const later = others.findIndex((entry) => (entry.timeS ?? -Infinity) > timeS);
  return later < 0 ? others.length : later;
}

/** A fault goes with what ends it. */
export const removeEntry = (at: number): Edit => (draft) => {
  const entries = timelineOf(draft);
  const faults = beginnings(entries);
  const id = faults.find((entry) => entry.at === at)?.id ?? "";
  const others = faults.some((entry) => entry.at !== at && entry.id === id);
  const gone = new Set([at, ...entries.flatMap((entry) => (entry.does === "end" && entry.id === id && id !== "" && !others ? [entry.at] : []))]);
  return edit(draft, (list) => {
    list.items = list.items.filter((_, position) => !gone.has(position));
  });
};
