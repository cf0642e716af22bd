"use client";

import { BellOff } from "lucide-react";
import { useState } from "react";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Button } from "@/ui/button";
import { SilenceDialog } from "./silence-dialog";
import { useSilencing } from "./use-silences";

/** Silences what an open incident is about. */
export function SilenceAction({ incident }: { incident: Incident }) {
  const [open, setOpen] = useState(false);
  const { create } = useSilencing();
  if (incident.resolved || incident.silencedBy !== "") return null;
  return (
    <>
      <Button busy={create.isPending} onClick={() => setOpen(true)}>
        <BellOff aria-hidden className="size-4" />
        Silence…
      </Button>
      <SilenceDialog incident={incident} open={open} onOpenChange={setOpen} onSilence={(silence) => create.mutate({ silence, simulationId: incident.simulationId })} />
    </>
  );
}
