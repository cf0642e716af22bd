"use client";

import { formatNamedMetric, formatShare, keepUnits } from "@/format/format";
import { type Evidence, type Incident, type Suspect, SuspectKind } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";

const KINDS: Readonly<Record<SuspectKind, string>> = {
  [SuspectKind.UNSPECIFIED]: "unknown",
  [SuspectKind.SERVICE]: "service",
  [SuspectKind.NODE]: "node",
  [SuspectKind.ZONE]: "zone",
};

/** Where it may come from, most likely first, with the reasons. */
export function IncidentSuspects({ incident: { suspects, symptomOf } }: { incident: Incident }) {
  if (symptomOf !== "") return null;
  return (
    <section aria-label="Suspected cause" data-testid="suspects">
      <h3 className="mb-2 text-[13px] font-semibold">Suspected cause</h3>
      {suspects.length === 0 && <p className="text-xs text-ink-muted">Nothing stands out yet. It is looked at again for five simulated minutes.</p>}
      <ol className="flex flex-col gap-2">
        {suspects.map((suspect, rank) => (
          <SuspectItem key={`${suspect.kind}/${suspect.id}`} suspect={suspect} first={rank === 0} />
        ))}
      </ol>
    </section>
  );
}

function SuspectItem({ suspect: { kind, id, share, reasons, evidence }, first }: { suspect: Suspect; first: boolean }) {
  return (
    <li className="rounded-md border border-line px-3 py-2">
      <p className="flex flex-wrap items-center gap-2 text-[13px]">
        <span className="font-medium">{id}</span>
        <Badge tone="neutral">{KINDS[kind]}</Badge>
        <span className="ml-auto text-xs text-ink-muted tabular-nums">{formatShare(share)} of the suspicion</span>
      </p>
      <ul className="mt-1 text-xs text-ink-muted">
        {reasons.slice(0, first ? undefined : 2).map((reason) => (
          <li key={reason}>{keepUnits(reason)}</li>
        ))}
      </ul>
      {first && evidence.length > 0 && <EvidenceTable evidence={evidence} />}
    </li>
  );
}

function EvidenceTable({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <table className="mt-2 w-full text-xs">
      <caption className="sr-only">What was usual before, and what was seen</caption>
      <thead className="text-left text-ink-muted">
        <tr>
          <th className="py-0.5 font-normal">Series</th>
          <th className="py-0.5 text-right font-normal">usual</th>
          <th className="py-0.5 text-right font-normal">seen</th>
        </tr>
      </thead>
      <tbody>
        {evidence.map(({ metric, target, usual, observed }, position) => (
          <tr key={position} className="border-t border-line">
            <td className="py-1">
              {metric} of {target?.id ?? "?"}
            </td>
            <td className="py-1 text-right tabular-nums">{usual === undefined ? "too little seen" : formatNamedMetric(metric, usual)}</td>
            <td className="py-1 text-right tabular-nums">{formatNamedMetric(metric, observed)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
