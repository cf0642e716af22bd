"use client";

import { BLIND_SENTENCE } from "@/features/cloud/blind";
import { useCloud } from "@/features/cloud/use-cloud";
import { useIsBlind, useIsInGame } from "@/features/game/use-in-game";
import { Card } from "@/ui/card";
import { EventList } from "./event-list";
import { FaultsCard } from "./faults-card";
import { InjectFaultCard } from "./inject-fault-card";
import { RunFacts } from "./run-facts";
import { ScenarioList } from "./scenario-list";
import { StressCard } from "./stress-card";

/** Everything about the run: where it stands, what it runs, what is broken on purpose, and what happened. */
export function SimulationPage() {
  const loading = useCloud((state) => state.snapshots === 0);
  const events = useCloud((state) => state.events);
  const blind = useIsBlind();
  const inGame = useIsInGame();
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[3fr_2fr]" aria-busy={loading}>
      <h1 className="sr-only">Simulation</h1>
      <div className="flex min-w-0 flex-col gap-4">
        <RunFacts />
        {!inGame && <StressCard />}
        {blind ? <Hidden /> : <FaultsCard />}
        {!inGame && <InjectFaultCard />}
      </div>
      <Card flush title="Events" hint="newest first">
        <div role="region" aria-label="Events of the simulation" tabIndex={0} className="max-h-[75dvh] overflow-y-auto">
          {blind && <p className="border-b border-line px-4 py-2 text-xs text-ink-muted">{BLIND_SENTENCE}</p>}
          <EventList events={events} />
        </div>
      </Card>
      {!inGame && (
        <div className="xl:col-span-2">
          <ScenarioList />
        </div>
      )}
    </div>
  );
}

function Hidden() {
  return (
    <Card title="Faults in force">
      <p className="text-[13px] text-ink-muted">{BLIND_SENTENCE}</p>
    </Card>
  );
}
