"use client";

import { OctagonX, Play } from "lucide-react";
import { useState } from "react";
import { AutomationMode } from "@/gen/ops/v1/automation_pb";
import { Button } from "@/ui/button";
import { SwitchDialog } from "./switch-dialog";
import { useAutomation, useSwitch } from "./use-automation";

/** The kill switch: in reach on every page. While it is not known how it stands it pauses, which does no harm twice. */
export function AutomationSwitch() {
  const { data } = useAutomation();
  const { pause, resume, busy } = useSwitch();
  const [open, setOpen] = useState(false);
  const paused = data?.mode === AutomationMode.PAUSED;
  const version = data?.automation?.version ?? 0n;
  return (
    <>
      <Button size="sm" tone={paused ? "primary" : "plain"} busy={busy} onClick={() => setOpen(true)} aria-label={paused ? "Resume automation…" : "Pause automation…"}>
        {paused ? <Play aria-hidden className="size-3.5" /> : <OctagonX aria-hidden className="size-3.5" />}
        <span className="max-sm:sr-only">{paused ? "Resume automation" : "Pause automation"}</span>
      </Button>
      <SwitchDialog open={open} onOpenChange={setOpen} paused={paused} onConfirm={(reason) => (paused ? resume({ reason, version }) : pause(reason))} />
    </>
  );
}
