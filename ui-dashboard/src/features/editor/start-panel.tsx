"use client";

import { useQuery } from "@connectrpc/connect-query";
import { FileUp, Play, Radio, Sparkles } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { byFamily } from "@/features/simulation/scenario-families";
import { useCloud } from "@/features/cloud/use-cloud";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { draftOfSketch, SKETCHES } from "./starts";
import { useStarts } from "./use-start";

const ACCEPTED = ".yaml,.yml,.json,.csv";

/** What a draft can begin with: a sketch, a scenario, the cloud that runs, or files. */
export function StartPanel({ onOpened }: { onOpened: () => void }) {
  const { busy, fromDraft, fromScenario, fromRunning, fromFiles } = useStarts(onOpened);
  const running = useCloud(({ simulation }) => simulation?.scenario);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Way icon={<Sparkles aria-hidden className="size-4" />} title="A sketch" says="Small clouds to go on from.">
        {SKETCHES.map((sketch) => (
          <Button key={sketch.name} className="!h-auto justify-start py-1.5 text-left !whitespace-normal" busy={busy} onClick={() => fromDraft(draftOfSketch(sketch), sketch.title)}>
            <span>
              {sketch.title}
              <span className="block text-xs font-normal text-ink-muted">{sketch.says}</span>
            </span>
          </Button>
        ))}
      </Way>
      <Way icon={<Play aria-hidden className="size-4" />} title="A scenario" says="One of the engine's own, with its cloud.">
        <ScenarioField busy={busy} onOpen={(name) => void fromScenario(name)} />
      </Way>
      <Way icon={<Radio aria-hidden className="size-4" />} title="The running cloud" says={running === undefined ? "No simulation has been heard of." : `${running}, with the replicas and services that there are now.`}>
        <Button className="self-start" busy={busy} disabled={running === undefined} onClick={() => void fromRunning()}>
          Open what runs
        </Button>
      </Way>
      <Way icon={<FileUp aria-hidden className="size-4" />} title="Files" says="A topology or scenario of Microcloud, a docker-compose file, or Kubernetes manifests.">
        <input
          ref={input}
          type="file"
          multiple
          accept={ACCEPTED}
          aria-label="Files to open"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            void fromFiles([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        <Button className="self-start" busy={busy} onClick={() => input.current?.click()}>
          Choose files…
        </Button>
      </Way>
    </div>
  );
}

function Way({ icon, title, says, children }: { icon: ReactNode; title: string; says: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-2 rounded-md border border-line p-3">
      <h3 className="flex items-center gap-2 text-[13px] font-semibold">
        {icon}
        {title}
      </h3>
      <p className="text-xs text-ink-muted">{says}</p>
      {children}
    </section>
  );
}

function ScenarioField({ busy, onOpen }: { busy: boolean; onOpen: (name: string) => void }) {
  const { data, isError } = useQuery(ControlService.method.listScenarios);
  const [chosen, setChosen] = useState("");
  const families = byFamily(data?.scenarios ?? []);
  const running = useCloud(({ simulation }) => simulation?.scenario);
  const known = (data?.scenarios ?? []).some((scenario) => scenario.name === running);
  const name = chosen !== "" ? chosen : known && running !== undefined ? running : (families[0]?.members[0]?.name ?? "");
  return (
    <div className="flex items-end gap-2">
      <Field label="Scenario" error={isError ? "The list could not be loaded." : undefined}>
        <Select value={name} disabled={families.length === 0} onChange={(event) => setChosen(event.target.value)}>
          {families.map(({ family, title, members }) => (
            <optgroup key={family} label={title}>
              {members.map((scenario) => (
                <option key={scenario.name}>{scenario.name}</option>
              ))}
            </optgroup>
          ))}
        </Select>
      </Field>
      <Button busy={busy} disabled={name === ""} onClick={() => onOpen(name)}>
        Open
      </Button>
    </div>
  );
}
