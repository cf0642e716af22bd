/** Everything that can be done to a draft: from one to the next. Pure. */
import { type Document, isMap, isScalar, isSeq, visit, type YAMLMap, YAMLSeq } from "yaml";
import type { Engine } from "./catalogue";
import { cloudOf, type DraftCall, type DraftService } from "./cloud";
import { asRecord, changeFile, type Draft, dropEmpty, type Fields, type Path, type Place, scenarioPath, setAt, topologyFile } from "./draft";
import { type Shape, SHAPE_FIELDS } from "./fields";

/** What is done to a draft. Edits of one `key` that follow each other are one step of undo. */
export type Edit = (draft: Draft) => Draft;

const editTopology = (draft: Draft, change: (doc: Document) => void): Draft => {
  const file = topologyFile(draft);
  return file ? changeFile(draft, file.path, change) : draft;
};

const editScenario = (draft: Draft, change: (doc: Document) => void): Draft => changeFile(draft, scenarioPath(draft), change);

/** A name that nobody has yet: `cache`, `cache-2`. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let n = 2; ; n += 1) if (!taken.includes(`${wanted}-${n}`)) return `${wanted}-${n}`;
}

/** What a new service of an engine is called. */
export function nameFor(draft: Draft, engine: Engine): string {
  return freeName(engine.name.replaceAll("_", "-"), cloudOf(draft).services.map(({ id }) => id));
}

export const addService = (id: string, { kind, name }: Engine, place?: Place): Edit => (draft) => {
  const next = editTopology(draft, (doc) => append(doc, ["services"], { id, [kind]: name }));
  return place ? movePlaces({ [id]: place })(next) : next;
};

export const removeServices = (ids: readonly string[]): Edit => (draft) => {
  const gone = new Set(ids);
  const next = editTopology(draft, (doc) => {
    removeWhere(doc, ["services"], (item) => gone.has(String(item.get("id"))));
    for (const service of maps(doc, ["services"])) {
      const calls = service.get("calls");
      if (!isSeq(calls)) continue;
      calls.items = calls.items.filter((call) => !(isMap(call) && gone.has(String(call.get("to")))));
      for (const call of calls.items) if (isMap(call) && gone.has(String(call.get("cache")))) call.delete("cache");
      if (calls.items.length === 0) service.delete("calls");
    }
  });
  const places = Object.fromEntries(Object.entries(next.places).filter(([id]) => !gone.has(id)));
  return editScenario({ ...next, places }, (doc) => removeWhere(doc, ["traffic"], (item) => gone.has(String(item.get("service")))));
};

/** Everything that names it goes along: calls, caches, traffic, faults, truth. */
export const renameService = (from: string, to: string): Edit => (draft) => {
  const next = editTopology(draft, (doc) => {
    for (const service of maps(doc, ["services"])) {
      replace(service, "id", from, to);
      const calls = service.get("calls");
      for (const call of isSeq(calls) ? calls.items.filter(isMap) : []) {
        replace(call, "to", from, to);
        replace(call, "cache", from, to);
      }
    }
  });
  const { [from]: place, ...places } = next.places;
  return renameIn({ ...next, places: place ? { ...places, [to]: place } : places }, "service", from, to);
};

export const renameNode = (from: string, to: string): Edit => (draft) => {
  const next = editTopology(draft, (doc) => {
    for (const node of maps(doc, ["nodes"])) replace(node, "id", from, to);
    for (const service of maps(doc, ["services"])) {
      const placement = service.get("placement");
      for (const id of isSeq(placement) ? placement.items.filter(isScalar) : []) if (id.value === from) id.value = to;
    }
  });
  return renameIn(next, "node", from, to);
};

export const renameZone = (from: string, to: string): Edit => (draft) => {
  const next = editTopology(draft, (doc) => {
    const zones = doc.get("zones");
    for (const id of isSeq(zones) ? zones.items.filter(isScalar) : []) if (id.value === from) id.value = to;
    for (const node of maps(doc, ["nodes"])) replace(node, "zone", from, to);
  });
  return renameIn(next, "zone", from, to);
};

/** In the scenario a target is `{service: ID}`, and an action of the truth has a bare `target`. */
function renameIn(draft: Draft, kind: "service" | "node" | "zone", from: string, to: string): Draft {
  return editScenario(draft, (doc) =>
    visit(doc, {
      Map: (_, map) => {
        replace(map, kind, from, to);
        const action = map.get("action");
        if (action !== undefined && (action === "DRAIN_NODE" || action === "UNDRAIN_NODE") === (kind === "node")) replace(map, "target", from, to);
      },
    }),
  );
}

/** Nothing changes when it calls it already. */
export const addCall = (from: string, to: string, fields: Fields = {}): Edit => (draft) => {
  const caller = serviceNamed(draft, from);
  if (!caller || from === to || caller.calls.some((call) => call.to === to)) return draft;
  return editTopology(draft, (doc) => append(doc, ["services", caller.at, "calls"], { to, ...fields }, true));
};

export const removeCalls = (calls: readonly Pick<DraftCall, "from" | "to">[]): Edit => (draft) =>
  editTopology(draft, (doc) => {
    for (const { from, to } of calls) {
      const caller = maps(doc, ["services"]).find((service) => service.get("id") === from);
      const list = caller?.get("calls");
      if (!caller || !isSeq(list)) continue;
      list.items = list.items.filter((call) => !(isMap(call) && call.get("to") === to));
      if (list.items.length === 0) caller.delete("calls");
    }
  });

/** Sets a field of a service; without a value it is taken out. */
export const setService = (id: string, path: Path, value: unknown): Edit => (draft) => {
  const service = serviceNamed(draft, id);
  if (!service) return draft;
  return editTopology(draft, (doc) => {
    setAt(doc, ["services", service.at, ...path], value);
    dropEmpty(doc, ["services", service.at, "specs"]);
  });
};

export const setEngine = (id: string, engine: Engine): Edit => (draft) => {
  const service = serviceNamed(draft, id);
  const there = service?.engine;
  if (!service || (there?.kind === engine.kind && there.name === engine.name)) return draft;
  return editTopology(draft, (doc) => {
    const map = doc.getIn(["services", service.at]);
    if (!isMap(map)) return;
    const pair = map.items.find(({ key }) => isScalar(key) && (key.value === "profile" || key.value === "template"));
    if (pair && isScalar(pair.key)) {
      pair.key.value = engine.kind;
      pair.value = doc.createNode(engine.name);
    } else map.set(engine.kind, engine.name);
  });
};

export const setCall = ({ from, at }: Pick<DraftCall, "from" | "at">, path: Path, value: unknown): Edit => (draft) => {
  const caller = serviceNamed(draft, from);
  return caller ? editTopology(draft, (doc) => setAt(doc, ["services", caller.at, "calls", at, ...path], value)) : draft;
};

export const setNode = (at: number, path: Path, value: unknown): Edit => (draft) => editTopology(draft, (doc) => setAt(doc, ["nodes", at, ...path], value));

/** Another machine like the last one of its zone. */
export const addNode = (zone: string): Edit => (draft) => {
  const { nodes } = cloudOf(draft);
  const like = nodes.findLast((node) => node.zone === zone) ?? nodes.at(-1);
  const { id: _id, zone: _zone, ...rest } = like?.fields ?? { cpu_cores: 16, memory_gb: 64 };
  const id = freeName(`node-${zone.replace(/^zone-/, "")}${nodes.filter((node) => node.zone === zone).length + 1}`, nodes.map((node) => node.id));
  return editTopology(draft, (doc) => append(doc, ["nodes"], { id, zone, ...rest }, true));
};

export const removeNode = (id: string): Edit => (draft) =>
  editTopology(draft, (doc) => {
    removeWhere(doc, ["nodes"], (node) => node.get("id") === id);
    for (const service of maps(doc, ["services"])) {
      const placement = service.get("placement");
      if (!isSeq(placement)) continue;
      placement.items = placement.items.filter((node) => !(isScalar(node) && node.value === id));
      if (placement.items.length === 0) service.delete("placement");
    }
  });

export const addZone: Edit = (draft) => {
  const { zones } = cloudOf(draft);
  const letter = "abcdefghijklmnopqrstuvwxyz"[zones.length] ?? String(zones.length + 1);
  return editTopology(draft, (doc) => append(doc, ["zones"], freeName(`zone-${letter}`, zones)));
};

/** A zone goes with its machines. */
export const removeZone = (id: string): Edit => (draft) => {
  const next = cloudOf(draft).nodes.filter(({ zone }) => zone === id).reduce((without, node) => removeNode(node.id)(without), draft);
  return editTopology(next, (doc) => {
    const zones = doc.get("zones");
    if (isSeq(zones)) zones.items = zones.items.filter((zone) => !(isScalar(zone) && zone.value === id));
  });
};

export const setScenario = (path: Path, value: unknown): Edit => (draft) => editScenario(draft, (doc) => setAt(doc, path, value));

export const addSource = (service: string): Edit => (draft) => editScenario(draft, (doc) => append(doc, ["traffic"], { service, constant: SHAPE_FIELDS.constant.first }));

export const removeSource = (at: number): Edit => (draft) => editScenario(draft, (doc) => doc.deleteIn(["traffic", at]));

/** Another shape in place of this one. */
export const setShape = (at: number, from: Shape | undefined, to: Shape): Edit => (draft) =>
  editScenario(draft, (doc) => {
    if (from) doc.deleteIn(["traffic", at, from]);
    setAt(doc, ["traffic", at, to], SHAPE_FIELDS[to].first);
  });

export const setText = (path: string, text: string): Edit => (draft) => ({ ...draft, files: { ...draft.files, [path]: text } });

export const movePlaces = (places: Readonly<Record<string, Place>>): Edit => (draft) => ({ ...draft, places: { ...draft.places, ...places } });

/** Everybody stands where the arrangement puts them. */
export const arrangeAnew: Edit = (draft) => (Object.keys(draft.places).length === 0 ? draft : { ...draft, places: {} });

export const renameDraft = (name: string): Edit => (draft) => {
  if (name === draft.name) return draft;
  const { [scenarioPath(draft)]: text = "", ...files } = draft.files;
  return { ...draft, name, files: { [`${name}.yaml`]: text, ...files } };
};

export const dismissNotes: Edit = (draft) => ({ ...draft, notes: [] });

function serviceNamed(draft: Draft, id: string): DraftService | undefined {
  return cloudOf(draft).services.find((service) => service.id === id);
}

function maps(doc: Document, path: Path): YAMLMap[] {
  const list = doc.getIn(path);
  return isSeq(list) ? list.items.filter((item): item is YAMLMap => isMap(item)) : [];
}

/** `inline` writes the new one on a line of its own, `{like: this}`. A list that a one-line map would get makes that map a block. */
function append(doc: Document, path: Path, value: unknown, inline = false): void {
  const node = doc.createNode(value, { flow: inline });
  const list = doc.getIn(path);
  if (isSeq(list)) {
    if (list.items.length === 0) list.flow = path[0] === "zones";
    list.add(node);
    return;
  }
  const owner = doc.getIn(path.slice(0, -1));
  if (isMap(owner)) owner.flow = false;
  const made = new YAMLSeq();
  made.add(node);
  doc.setIn(path, made);
}

function removeWhere(doc: Document, path: Path, gone: (item: YAMLMap) => boolean): void {
  const list = doc.getIn(path);
  if (isSeq(list)) list.items = list.items.filter((item) => !(isMap(item) && gone(item)));
}

function replace(map: YAMLMap, key: string, from: string, to: string): void {
  if (map.get(key) === from) map.set(key, to);
}

/** The value that a call has at a path, for those who show it. */
export function callField({ fields }: Pick<DraftCall, "fields">, group: string | undefined, name: string): unknown {
  return group === undefined ? fields[name] : asRecord(fields[group])[name];
}
