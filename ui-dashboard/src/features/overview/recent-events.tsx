"use client";

import { isBlind } from "@/features/cloud/blind";
import { useCloud } from "@/features/cloud/use-cloud";
import { EventList } from "@/features/simulation/event-list";
import { Card } from "@/ui/card";

const SHOWN = 8;

export function RecentEvents() {
  const events = useCloud((state) => state.events);
  const blind = useCloud(({ simulation }) => isBlind(simulation));
  return (
    <Card flush title="What happened" hint={blind ? "faults are hidden in a blind game" : "newest first"}>
      <div className="lg:min-h-74">
        <EventList events={events.slice(0, SHOWN)} />
      </div>
    </Card>
  );
}
