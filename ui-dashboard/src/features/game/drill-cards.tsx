"use client";

import { GraduationCap } from "lucide-react";
import { plural } from "@/format/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { type Drill, DRILLS } from "./drills";
import { useStartGame } from "./use-games";
import { USUAL_SPEED } from "./start-card";

/** Three games to learn by: the scenario is known, and every step notices by itself when it is done. */
export function DrillCards() {
  const { mutate, isPending, variables } = useStartGame();
  const start = (drill: Drill) => mutate({ family: "", difficulty: 0, speed: USUAL_SPEED, drill });
  return (
    <Card flush title="Guided drills" hint="under ten minutes each">
      <ul className="grid divide-y divide-line md:grid-cols-3 md:divide-x md:divide-y-0">
        {DRILLS.map((drill) => (
          <li key={drill.id} className="flex flex-col gap-2 p-4">
            <h3 className="flex items-center gap-2 text-[13px] font-semibold">
              <GraduationCap aria-hidden className="size-4 shrink-0 text-accent-ink" />
              {drill.title}
            </h3>
            <p className="text-[13px]">{drill.teaches}</p>
            <p className="text-xs text-ink-muted">
              {plural(drill.steps.length, "step")}, scenario {drill.scenario}
            </p>
            <Button size="sm" className="mt-auto self-start" busy={isPending && variables.drill?.id === drill.id} onClick={() => start(drill)} aria-label={`Begin the drill: ${drill.title}`}>
              Begin
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
