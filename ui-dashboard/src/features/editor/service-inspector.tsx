"use client";

import { Plus, Trash2, X } from "lucide-react";
import { useState } from "react";
import { callersOf } from "@/features/topology/graph";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { BALANCINGS, type Engine, engineWords, PROFILES, specsOf, TEMPLATES } from "./catalogue";
import { idProblem } from "./checks";
import type { DraftService } from "./cloud";
import { asRecord } from "./draft";
import { Check, More, NameField, NumberField, NumberFields, OptionalPart, Part } from "./draft-fields";
import { addCall, removeCalls, removeServices, renameService, setEngine, setService } from "./edits";
import { LIVENESS_FIELDS, MAIN_SPECS, OTHER_SPECS, REPLICAS } from "./fields";
import { ProblemList } from "./problem-list";
import { useEdit, useOpenDraft, useProblems } from "./use-draft";

interface ServiceInspectorProps {
  readonly service: DraftService;
  readonly onService: (id: string | null) => void;
  readonly onCall: (from: string, to: string) => void;
}

/** Everything about a service that can be set. */
export function ServiceInspector({ service, onService, onCall }: ServiceInspectorProps) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const { id, engine, entry, fields } = service;
  const problems = useProblems({ kind: "service", id });
  const set = (path: readonly (string | number)[], value: unknown) => edit(setService(id, path, value), `${id} ${path.join(".")}`);
  const others = cloud.services.flatMap((other) => (other.id === id ? [] : [other.id]));
  const rename = (name: string) => {
    edit(renameService(id, name));
    onService(name);
  };
  const remove = () => {
    edit(removeServices([id]));
    onService(null);
  };
  const liveness = fields["liveness"];
  return (
    <section aria-label={`Service ${id}`} data-testid="service-inspector" className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4">
      <header className="flex items-center gap-1">
        <h2 className="min-w-0 truncate text-[15px] font-semibold">{id}</h2>
        <Button tone="danger" size="icon" className="ml-auto border-transparent" aria-label={`Delete ${id}`} title="Delete" onClick={remove}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
        <Button tone="quiet" size="icon" aria-label="Back to the list of services" onClick={() => onService(null)}>
          <X aria-hidden className="size-4" />
        </Button>
      </header>
      <ProblemList problems={problems} />
      <NameField label="Name" value={id} problemOf={(name) => idProblem(name, others)} onRename={rename} />
      <EngineField engine={engine} onChange={(next) => edit(setEngine(id, next))} />
      <div className="grid grid-cols-2 items-start gap-3">
        <NumberField spec={REPLICAS} value={fields["replicas"]} onChange={(value) => set(["replicas"], value)} />
        <Field label="Balancing" hint="How its replicas share requests.">
          <Select value={String(fields["balancing"] ?? "round_robin")} onChange={(event) => set(["balancing"], event.target.value === "round_robin" ? undefined : event.target.value)}>
            {BALANCINGS.map((balancing) => (
              <option key={balancing} value={balancing}>
                {engineWords(balancing)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Check label="Traffic enters here" checked={entry} onChange={(on) => set(["entry"], on || undefined)} />
      <Calls service={service} onCall={onCall} />
      <Part title="A replica">
        <NumberFields specs={MAIN_SPECS} values={asRecord(fields["specs"])} fallbacks={engine && specsOf(engine)} onChange={(path, value) => set(["specs", ...path], value)} />
        <More label="More about a replica">
          <NumberFields specs={OTHER_SPECS} values={asRecord(fields["specs"])} fallbacks={engine && specsOf(engine)} onChange={(path, value) => set(["specs", ...path], value)} />
        </More>
      </Part>
      <OptionalPart title="Liveness probe" hint="Replicas that answer too late are killed and start again." on={liveness !== undefined} onToggle={(on) => set(["liveness"], on ? {} : undefined)}>
        <NumberFields specs={LIVENESS_FIELDS} values={asRecord(liveness)} onChange={(path, value) => set(["liveness", ...path], value)} />
      </OptionalPart>
      <Placement service={service} />
    </section>
  );
}

function EngineField({ engine, onChange }: { engine: Engine | undefined; onChange: (engine: Engine) => void }) {
  const value = engine ? `${engine.kind}:${engine.name}` : "";
  const known = [...PROFILES.map(({ name }) => `profile:${name}`), ...TEMPLATES.map(({ name }) => `template:${name}`)];
  const description = TEMPLATES.find(({ name }) => engine?.kind === "template" && name === engine.name)?.description;
  return (
    <Field label="Engine" hint={description}>
      <Select
        value={value}
        onChange={(event) => {
          const [kind, name = ""] = event.target.value.split(":");
          onChange({ kind: kind === "template" ? "template" : "profile", name });
        }}
      >
        {!known.includes(value) && <option value={value}>{engine?.name ?? "none"}</option>}
        {(["profile", "template"] as const).map((kind) => (
          <optgroup key={kind} label={kind === "profile" ? "Profiles" : "Templates"}>
            {(kind === "profile" ? PROFILES : TEMPLATES).map(({ name }) => (
              <option key={name} value={`${kind}:${name}`}>
                {engineWords(name)}
              </option>
            ))}
          </optgroup>
        ))}
      </Select>
    </Field>
  );
}

function Calls({ service: { id, calls }, onCall }: { service: DraftService; onCall: (from: string, to: string) => void }) {
  const { cloud, index } = useOpenDraft();
  const edit = useEdit();
  const [chosen, setChosen] = useState("");
  const callers = callersOf(cloud.calls, [id]);
  const callees = cloud.services.map((other) => other.id).filter((to) => to !== id && !calls.some((call) => call.to === to) && !callers.has(to));
  const to = callees.includes(chosen) ? chosen : (callees[0] ?? "");
  return (
    <Part title="Calls">
      {calls.length === 0 && <p className="text-xs text-ink-muted">It calls nobody. Drag from its edge to another service, or choose one here.</p>}
      <ul className="flex flex-col gap-0.5">
        {calls.map((call) => (
          <li key={call.at} className="flex items-center gap-1">
            <button type="button" onClick={() => onCall(id, call.to)} className="flex min-h-7 min-w-0 items-center gap-2 rounded text-[13px] hover:underline">
              <span className="truncate">{call.to}</span>
              {call.asynchronous && <Badge tone="neutral">asynchronous</Badge>}
              {!call.required && <Badge tone="neutral">optional</Badge>}
              {index.has(`call ${id}>${call.to}`) && <Badge tone="critical">problem</Badge>}
            </button>
            <Button tone="quiet" size="icon" className="ml-auto size-7" aria-label={`Remove the call to ${call.to}`} onClick={() => edit(removeCalls([{ from: id, to: call.to }]))}>
              <X aria-hidden className="size-3.5" />
            </Button>
          </li>
        ))}
      </ul>
      {callees.length > 0 && (
        <div className="flex gap-2">
          <Select aria-label={`Whom ${id} is to call`} className="flex-1" value={to} onChange={(event) => setChosen(event.target.value)}>
            {callees.map((callee) => (
              <option key={callee}>{callee}</option>
            ))}
          </Select>
          <Button aria-label={`Let ${id} call ${to}`} onClick={() => edit(addCall(id, to))}>
            <Plus aria-hidden className="size-3.5" />
            Add
          </Button>
        </div>
      )}
    </Part>
  );
}

function Placement({ service: { id, placement } }: { service: DraftService }) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const place = (node: string, on: boolean) => {
    const next = on ? [...placement, node] : placement.filter((other) => other !== node);
    edit(setService(id, ["placement"], next.length === 0 ? undefined : next));
  };
  return (
    <More label={`Where it runs: ${placement.length === 0 ? "the least loaded nodes" : placement.join(", ")}`}>
      <div className="grid grid-cols-2">
        {cloud.nodes.map((node) => (
          <Check key={node.at} label={node.id} checked={placement.includes(node.id)} onChange={(on) => place(node.id, on)} />
        ))}
      </div>
    </More>
  );
}
