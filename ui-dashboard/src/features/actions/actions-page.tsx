"use client";

import { parseAsString, useQueryState } from "nuqs";
import { useCloud } from "@/features/cloud/use-cloud";
import { ActionHistory } from "./action-history";
import { CalibrationCard } from "./calibration-card";
import { PendingQueue } from "./pending-queue";

/** What waits for a decision, and what became of earlier ones. */
export function ActionsPage() {
  const [highlighted] = useQueryState("id", parseAsString);
  const loading = useCloud((state) => state.snapshots === 0);
  return (
    <div className="flex flex-col gap-6" aria-busy={loading}>
      <h1 className="sr-only">Actions</h1>
      <PendingQueue highlighted={highlighted ?? undefined} />
      <CalibrationCard />
      <ActionHistory highlighted={highlighted ?? undefined} />
    </div>
  );
}
