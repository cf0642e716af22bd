import { BellOff } from "lucide-react";
import type { ReactNode } from "react";
import { formatDuration, formatSimulatedTime } from "@/format/format";
import { silenceTag } from "@/features/silences/silence-words";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { incidentLengthMs } from "./incident-length";
import { IncidentLink } from "./incident-link";
import { SeverityBadge } from "./severity";

interface IncidentRowProps {
  readonly incident: Incident;
  readonly simulatedNow: number | undefined;
  readonly onSelect: (id: string) => void;
  /** What belongs under it. */
  readonly children?: ReactNode;
}

export function IncidentRow({ incident, simulatedNow, onSelect, children }: IncidentRowProps) {
  const { id, title, severity, resolved, target, ruleName, detectedAt, acknowledgedBy, suspects, silencedBy, silenceKind, openSymptoms } = incident;
  const silenced = silencedBy !== "";
  const suspect = suspects[0];
  // The cause is over before the last of what it brought about is.
  const over = resolved && openSymptoms === 0;
  return (
    <li data-testid={`incident-${id}`} data-resolved={resolved} data-silenced={silenced}>
      <IncidentLink id={id} onSelect={onSelect} className="flex flex-col gap-1 px-4 py-2.5 hover:bg-raised">
        <span className="flex items-center gap-2">
          <SeverityBadge severity={severity} quiet={silenced} />
          <span className={cx("min-w-0 truncate text-[13px] font-medium", (over || silenced) && "text-ink-muted")}>{title}</span>
          {silenced && (
            <Badge tone="neutral" icon={<BellOff aria-hidden className="size-3" />} className="ml-auto">
              {silenceTag(silenceKind)}
            </Badge>
          )}
          <Badge tone={over ? "ok" : "neutral"} className={silenced ? undefined : "ml-auto"}>
            {resolved ? (over ? "Resolved" : "Resolved, symptoms open") : "Open"}
          </Badge>
        </span>
        <span className="flex flex-wrap gap-x-3 text-xs text-ink-muted">
          <span>{target?.id}</span>
          <span>{ruleName}</span>
          <span>{formatSimulatedTime(detectedAt)} sim</span>
          <span>{`${resolved ? "lasted" : "for"} ${formatDuration(incidentLengthMs(incident, simulatedNow))}`}</span>
          {suspect && <span>suspect: {suspect.id}</span>}
          {acknowledgedBy !== "" && <span>{acknowledgedBy} is on it</span>}
        </span>
      </IncidentLink>
      {children}
    </li>
  );
}
