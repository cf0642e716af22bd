"use client";

import { type FormEvent, useState } from "react";
import { useCloud } from "@/features/cloud/use-cloud";
import type { Target } from "@/gen/common/v1/target_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { Button } from "@/ui/button";
import { Field, Select, TextInput } from "@/ui/field";
import { type FaultProblems, readFault } from "./read-fault";
import { kindWord, targetOptions } from "./target-words";
import { useControl } from "./use-control";
import { useFaults } from "./use-faults";

interface InjectFaultFormProps {
  /** What it is to strike; without it the form asks. */
  readonly target?: Pick<Target, "kind" | "id">;
  readonly onDone?: () => void;
}

export function InjectFaultForm({ target, onDone }: InjectFaultFormProps) {
  const { data, refetch } = useFaults();
  const topology = useCloud((state) => state.topology);
  const simulationId = useCloud(({ simulation }) => simulation?.simulationId ?? "default");
  const [chosen, setChosen] = useState("");
  const [problems, setProblems] = useState<FaultProblems>({});
  const inject = useControl(ControlService.method.injectFault, "The fault was not injected.", ({ fault }) => {
    void refetch();
    onDone?.();
    return `${fault?.spec?.kind ?? "The fault"} strikes ${fault?.spec?.target?.id ?? "its target"} at the next tick`;
  });

  const kinds = (data?.kinds ?? []).filter(({ targets }) => !target || targets.includes(target.kind));
  const kind = kinds.find((known) => known.kind === chosen) ?? kinds[0];
  const targets = target ? [{ ...target, label: target.id }] : targetOptions(kind?.targets ?? [], topology, simulationId);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const read = readFault(new FormData(event.currentTarget), targets);
    setProblems(read.problems);
    if (read.fault) inject.run({ fault: read.fault });
  };

  return (
    <form onSubmit={submit} noValidate className="grid gap-4 sm:grid-cols-2">
      <Field label="Kind" hint={kind?.description}>
        <Select name="kind" value={kind?.kind ?? ""} disabled={kinds.length === 0} onChange={(event) => setChosen(event.target.value)}>
          {kinds.length === 0 && <option value="">no kinds known</option>}
          {kinds.map((option) => (
            <option key={option.kind} value={option.kind}>
              {option.kind}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Target" hint={target ? `The ${kindWord(target.kind)} that you clicked.` : kind && `A ${kind.targets.map(kindWord).join(" or a ")}`} error={problems.target}>
        <Select name="target" key={kind?.kind} disabled={targets.length === 0}>
          {targets.length === 0 && <option value="">no targets known</option>}
          {targets.map(({ label }, i) => (
            <option key={label} value={i}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Severity" hint="Above 0, up to 1. Empty: the kind's default." error={problems.severity}>
        <TextInput name="severity" inputMode="decimal" placeholder="default" />
      </Field>
      <Field label="Duration, simulated s" hint="Empty: until it is cleared." error={problems.duration}>
        <TextInput name="duration" inputMode="decimal" placeholder="until cleared" />
      </Field>
      <div className="sm:col-span-2">
        <Button tone="primary" type="submit" disabled={!kind || targets.length === 0} busy={inject.busy}>
          Inject
        </Button>
      </div>
    </form>
  );
}
