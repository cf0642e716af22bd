"use client";

import { useCloud } from "@/features/cloud/use-cloud";
import { EventList } from "@/features/simulation/event-list";
import { Card } from "@/ui/card";

const SHOWN = 8;

export function RecentEvents() {
  const events = useCloud((state) => state.events);
  return (
    <Card flush title="What happened" hint="since the page opened">
      <EventList events={events.slice(0, SHOWN)} />
    </Card>
  );
}
