"use client";

import { TriangleAlert } from "lucide-react";
import { AutomationMode } from "@/gen/ops/v1/automation_pb";
import { useAutomation } from "./use-automation";

const WORDS: Readonly<Partial<Record<AutomationMode, string>>> = {
  [AutomationMode.PAUSED]: "Automation is paused.",
  [AutomationMode.MANUAL]: "Nothing is approved automatically.",
};

/** Says on every page that automation is not at work: who stopped it, when, and why. */
export function AutomationBanner() {
  const { data } = useAutomation();
  const words = data && WORDS[data.mode];
  return (
    <div role="status" data-testid="automation-banner">
      {words && (
        <p className="flex items-start gap-2 border-t border-line bg-surface px-3 py-2 text-[13px] lg:px-5">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span className="min-w-0 break-words">{data.explanation === "" ? words : data.explanation}</span>
        </p>
      )}
    </div>
  );
}
