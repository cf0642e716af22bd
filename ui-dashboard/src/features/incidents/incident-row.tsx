import { BellOff } from "lucide-react";
import type { MouseEvent } from "react";
import { formatDuration, formatSimulatedTime, instantMs } from "@/format/format";
import { silenceTag } from "@/features/silences/silence-words";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { SeverityBadge } from "./severity";
import { symptomWords } from "./symptom-words";

interface IncidentRowProps {
  readonly incident: Incident;
  readonly simulatedNow: number | undefined;
  readonly selected: boolean;
  readonly onSelect: (id: string) => void;
}

export function IncidentRow({ incident, simulatedNow, selected, onSelect }: IncidentRowProps) {
  const { id, title, severity, resolved, target, ruleName, detectedAt, acknowledgedBy, symptoms, suspects, silencedBy, silenceKind } = incident;
  const silenced = silencedBy !== "";
  const suspect = suspects[0];
  // A link, so that it can be opened in another tab; a plain click stays on the page.
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onSelect(id);
  };
  return (
    <li data-testid={`incident-${id}`} data-resolved={resolved} data-silenced={silenced}>
      <a href={`?id=${id}`} onClick={follow} aria-current={selected ? "true" : undefined} className={cx("flex flex-col gap-1 px-4 py-2.5 hover:bg-raised", selected && "bg-raised")}>
        <span className="flex items-center gap-2">
          <SeverityBadge severity={severity} quiet={silenced} />
          <span className={cx("min-w-0 truncate text-[13px] font-medium", (resolved || silenced) && "text-ink-muted")}>{title}</span>
          {silenced && (
            <Badge tone="neutral" icon={<BellOff aria-hidden className="size-3" />} className="ml-auto">
              {silenceTag(silenceKind)}
            </Badge>
          )}
          <Badge tone={resolved ? "ok" : "neutral"} className={silenced ? undefined : "ml-auto"}>
            {resolved ? "Resolved" : "Open"}
          </Badge>
        </span>
        <span className="flex flex-wrap gap-x-3 text-xs text-ink-muted">
          <span>{target?.id}</span>
          <span>{ruleName}</span>
          <span>{formatSimulatedTime(detectedAt)} sim</span>
          <span>{`${resolved ? "lasted" : "for"} ${formatDuration(incidentLengthMs(incident, simulatedNow))}`}</span>
          {symptoms > 0 && <span>{symptomWords(incident)}</span>}
          {suspect && <span>suspect: {suspect.id}</span>}
          {acknowledgedBy !== "" && <span>{acknowledgedBy} is on it</span>}
        </span>
      </a>
    </li>
  );
}

/** How long it lasted, or has lasted so far, in simulated time. */
export function incidentLengthMs({ detectedAt, resolved, resolvedAt }: Incident, simulatedNow: number | undefined): number | undefined {
  const from = instantMs(detectedAt);
  const to = resolved ? instantMs(resolvedAt) : simulatedNow;
  return from === undefined || to === undefined ? undefined : to - from;
}
