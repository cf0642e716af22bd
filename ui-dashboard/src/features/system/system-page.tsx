"use client";

import { BusCard } from "./bus-card";
import { ChecksCard } from "./checks-card";
import { DeadLettersCard } from "./dead-letters-card";
import { EngineCard } from "./engine-card";
import { StoreCard } from "./store-card";
import { StreamCard } from "./stream-card";

/** How Microcloud itself is: its services, its engine, its store, this page's own stream, and the bus. */
export function SystemPage() {
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <h1 className="sr-only">System</h1>
      <ChecksCard />
      <EngineCard />
      <StoreCard />
      <StreamCard />
      <BusCard />
      <DeadLettersCard />
    </div>
  );
}
