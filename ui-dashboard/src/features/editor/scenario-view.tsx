"use client";

import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/ui/button";
import { Field, Select, TextArea, TextInput } from "@/ui/field";
import { nameProblem } from "./checks";
import { planOf, type Source } from "./cloud";
import { asRecord } from "./draft";
import { NameField, NumberField, NumberFields, Part } from "./draft-fields";
import { addSource, removeSource, renameDraft, setScenario, setShape } from "./edits";
import { DISTANCE, NOISE, SCENARIO_FIELDS, type Shape, SHAPE_FIELDS, SHAPES } from "./fields";
import { ProblemList } from "./problem-list";
import { TimelinePart } from "./timeline-part";
import { useEdit, useOpenDraft, useProblems } from "./use-draft";

/** What the scenario is called, what comes in, how long it goes on, and what happens when. */
export function ScenarioView() {
  const { draft, cloud } = useOpenDraft();
  const edit = useEdit();
  const plan = planOf(draft);
  const problems = useProblems({ kind: "scenario" });
  const doors = cloud.services.filter(({ entry }) => entry).map(({ id }) => id);
  const door = doors.find((id) => !plan.sources.some(({ service }) => service === id)) ?? doors[0];
  return (
    <div className="grid items-start gap-6 p-4 lg:grid-cols-2">
      <Part title="Scenario">
        <ProblemList problems={problems} />
        <div className="grid grid-cols-2 items-start gap-3">
          <NameField label="Name" hint="Its file is called that." value={draft.name} problemOf={nameProblem} onRename={(name) => edit(renameDraft(name))} />
          <Field label="Family" hint="What it is listed under.">
            <TextInput value={plan.family} onChange={(event) => edit(setScenario(["family"], event.target.value), "family")} />
          </Field>
        </div>
        <Field label="Description" hint="What an operator notices, in one sentence.">
          <TextArea className="!min-h-14" value={plan.description} onChange={(event) => edit(setScenario(["description"], event.target.value), "description")} />
        </Field>
        <NumberFields specs={SCENARIO_FIELDS} values={plan.fields} onChange={(path, value) => edit(setScenario(path, value), path.join("."))} />
      </Part>
      <Part
        title="Traffic"
        actions={
          <Button size="sm" disabled={door === undefined} onClick={() => door !== undefined && edit(addSource(door))}>
            <Plus aria-hidden className="size-3.5" />
            Add a source
          </Button>
        }
      >
        {doors.length === 0 && <p className="text-xs text-ink-muted">Let traffic enter at a service first: choose one on the canvas.</p>}
        {plan.sources.map((source) => (
          <SourcePart key={source.at} source={source} doors={doors} />
        ))}
      </Part>
      <div className="lg:col-span-2">
        <TimelinePart durationS={Number(plan.fields["duration_s"]) || 0} />
      </div>
    </div>
  );
}

function SourcePart({ source: { at, service, shapes, fields }, doors }: { source: Source; doors: readonly string[] }) {
  const edit = useEdit();
  const problems = useProblems({ kind: "traffic", at });
  const shape = shapes[0];
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-3">
      <legend className="px-1 text-[13px] font-medium">At {service}</legend>
      <ProblemList problems={problems} />
      <div className="@container">
        <div className="grid grid-cols-2 items-start gap-3 @md:grid-cols-3">
          <Field label="Arrives at">
            <Select value={service} onChange={(event) => edit(setScenario(["traffic", at, "service"], event.target.value))}>
              {!doors.includes(service) && <option value={service}>{service}</option>}
              {doors.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </Select>
          </Field>
          <Field label="Shape">
            <Select value={shape ?? ""} onChange={(event) => edit(setShape(at, shape, event.target.value as Shape))}>
              {shape === undefined && <option value="">{fields["trace"] === undefined ? "none" : "a recording"}</option>}
              {SHAPES.map((known) => (
                <option key={known} value={known}>
                  {SHAPE_FIELDS[known].word}
                </option>
              ))}
            </Select>
          </Field>
          <Button tone="danger" size="icon" className="self-end justify-self-end max-sm:order-last max-sm:col-span-2" aria-label={`Delete the traffic at ${service}`} title="Delete" onClick={() => edit(removeSource(at))}>
            <Trash2 aria-hidden className="size-4" />
          </Button>
          {shapes.flatMap((one) =>
            SHAPE_FIELDS[one].fields.map((spec) => (
              <NumberField key={`${one} ${spec.name}`} spec={spec} value={asRecord(fields[one])[spec.name]} onChange={(value) => edit(setScenario(["traffic", at, one, spec.name], value), `traffic ${at} ${one} ${spec.name}`)} />
            )),
          )}
          <NumberField spec={NOISE} value={fields["noise"]} onChange={(value) => edit(setScenario(["traffic", at, "noise"], value), `traffic ${at} noise`)} />
          <NumberField spec={DISTANCE} value={fields["distance_ms"]} onChange={(value) => edit(setScenario(["traffic", at, "distance_ms"], value), `traffic ${at} distance`)} />
        </div>
      </div>
    </fieldset>
  );
}
