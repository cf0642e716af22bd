"use client";

import { useQuery } from "@connectrpc/connect-query";
import { type FormEvent } from "react";
import { formatSpeed } from "@/format/format";
import { byFamily } from "@/features/simulation/scenario-families";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field, Select } from "@/ui/field";
import { useStartGame } from "./use-games";

const DIFFICULTIES = [1, 2, 3, 4, 5] as const;
/** Simulated seconds a second. */
const SPEEDS = [1, 2, 5, 10] as const;
export const USUAL_SPEED = 2;

/** Draws a scenario that the player does not know. */
export function StartCard() {
  const { data } = useQuery(ControlService.method.listScenarios);
  const { mutate, isPending } = useStartGame();
  const families = byFamily(data?.scenarios ?? []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({ family: String(form.get("family")), difficulty: Number(form.get("difficulty")), speed: Number(form.get("speed")) });
  };
  return (
    <Card title="Begin a game">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <p className="max-w-prose text-[13px]">
          Something goes wrong in a cloud of its own, and nobody tells you what. Find it, decide, and keep the objectives. In the end you stand beside nobody, the agent that ships, and the best in hindsight.
        </p>
        <div className="flex flex-wrap items-end gap-3">
          <Field label="Family">
            <Select name="family" className="w-48">
              <option value="">any</option>
              {families.map(({ family, title }) => (
                <option key={family} value={family}>
                  {title}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Difficulty">
            <Select name="difficulty" className="w-28">
              <option value={0}>any</option>
              {DIFFICULTIES.map((difficulty) => (
                <option key={difficulty} value={difficulty}>
                  {difficulty} of 5
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Speed">
            <Select name="speed" defaultValue={USUAL_SPEED} className="w-24">
              {SPEEDS.map((speed) => (
                <option key={speed} value={speed}>
                  {formatSpeed(speed)}
                </option>
              ))}
            </Select>
          </Field>
          <Button tone="primary" type="submit" busy={isPending}>
            Begin
          </Button>
        </div>
      </form>
    </Card>
  );
}
