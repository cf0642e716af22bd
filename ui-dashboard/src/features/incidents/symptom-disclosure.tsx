"use client";

import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { cx } from "@/ui/class-names";
import { SymptomList } from "./symptom-list";
import { symptomWords } from "./symptom-words";

/** The symptoms of a lead, where the lead is listed; asked for when somebody wants to see them. */
export function SymptomDisclosure({ lead, onSelect }: { lead: Incident; onSelect: (id: string) => void }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="px-4 pb-2">
      <button type="button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)} className="flex min-h-7 items-center gap-1 rounded text-xs text-ink-muted hover:text-ink">
        <ChevronRight aria-hidden className={cx("size-3.5 transition-transform", open && "rotate-90")} />
        {symptomWords(lead)}
      </button>
      <div id={id} className="mt-1 pl-4" hidden={!open}>
        {open && <SymptomList lead={lead} onSelect={onSelect} />}
      </div>
    </div>
  );
}
