"use client";

import { Plus, Trash2 } from "lucide-react";
import { plural } from "@/format/format";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { idProblem } from "./checks";
import type { DraftNode } from "./cloud";
import { NameField, NumberFields } from "./draft-fields";
import { addNode, addZone, removeNode, removeZone, renameNode, renameZone, setNode } from "./edits";
import { NODE_FIELDS } from "./fields";
import { ProblemList } from "./problem-list";
import { useEdit, useOpenDraft, useProblems } from "./use-draft";

/** Zones and the machines in them. */
export function NodesView() {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const lost = cloud.nodes.filter(({ zone }) => !cloud.zones.includes(zone));
  return (
    <div className="flex flex-col gap-4 p-4">
      {cloud.zones.map((zone, at) => (
        <ZonePart key={at} zone={zone} />
      ))}
      {lost.length > 0 && (
        <section aria-label="In no zone that there is" className="rounded-md border border-critical p-3">
          <h3 className="mb-3 text-[13px] font-semibold">In no zone that there is</h3>
          <ul className="grid gap-3 xl:grid-cols-2">
            {lost.map((node) => (
              <NodePart key={node.at} node={node} />
            ))}
          </ul>
        </section>
      )}
      <Button className="self-start" onClick={() => edit(addZone)}>
        <Plus aria-hidden className="size-3.5" />
        Add a zone
      </Button>
    </div>
  );
}

function ZonePart({ zone }: { zone: string }) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const nodes = cloud.nodes.filter((node) => node.zone === zone);
  const problems = useProblems({ kind: "zone", id: zone });
  return (
    <section aria-label={`Zone ${zone}`} className="rounded-md border border-line">
      <header className="flex flex-wrap items-end gap-3 border-b border-line p-3">
        <div className="w-48">
          <NameField label="Zone" value={zone} problemOf={(name) => idProblem(name, cloud.zones)} onRename={(name) => edit(renameZone(zone, name))} />
        </div>
        <span className="pb-1.5 text-xs text-ink-muted">{plural(nodes.length, "node")}</span>
        <Button className="ml-auto" onClick={() => edit(addNode(zone))}>
          <Plus aria-hidden className="size-3.5" />
          Add a node
        </Button>
        <Button tone="danger" size="icon" aria-label={`Delete zone ${zone} with its nodes`} title="Delete with its nodes" onClick={() => edit(removeZone(zone))}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
      </header>
      <div className="p-3">
        <ProblemList problems={problems} />
        <ul className="grid gap-3 xl:grid-cols-2">
          {nodes.map((node) => (
            <NodePart key={node.at} node={node} />
          ))}
        </ul>
        {nodes.length === 0 && <p className="text-xs text-ink-muted">No node stands here.</p>}
      </div>
    </section>
  );
}

function NodePart({ node: { at, id, zone, fields } }: { node: DraftNode }) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const problems = useProblems({ kind: "node", id });
  return (
    <li aria-label={`Node ${id}`} className="flex flex-col gap-3 rounded-md border border-line p-3">
      <div className="flex items-end gap-2">
        <div className="flex-1">
          <NameField label="Node" value={id} problemOf={(name) => idProblem(name, cloud.nodes.map((node) => node.id))} onRename={(name) => edit(renameNode(id, name))} />
        </div>
        <Button tone="danger" size="icon" aria-label={`Delete ${id}`} title="Delete" onClick={() => edit(removeNode(id))}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
      </div>
      <ProblemList problems={problems} />
      {!cloud.zones.includes(zone) && (
        <Field label="Zone">
          <Select value={zone} onChange={(event) => edit(setNode(at, ["zone"], event.target.value))}>
            {[zone, ...cloud.zones].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </Field>
      )}
      <NumberFields inRow specs={NODE_FIELDS} values={fields} onChange={(path, value) => edit(setNode(at, path, value), `node ${at} ${path.join(".")}`)} />
    </li>
  );
}
