import Link from "next/link";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";

/** Services that suffer: of the incident and its symptoms. */
export function IncidentAffected({ incident, symptoms }: { incident: Incident; symptoms: readonly Incident[] }) {
  const affected = [incident, ...symptoms].flatMap(({ target }) => (target?.kind === TargetKind.SERVICE ? [target.id] : []));
  if (affected.length === 0) return null;
  const open = new Set([incident, ...symptoms].flatMap(({ target, resolved }) => (!resolved && target ? [target.id] : [])));
  return (
    <section aria-label="Affected services">
      <h3 className="mb-2 text-[13px] font-semibold">Affected services</h3>
      <ul className="flex flex-wrap gap-1.5">
        {[...new Set(affected)].map((id) => (
          <li key={id} className="max-w-full">
            <Link href={`/topology/?service=${encodeURIComponent(id)}&incident=${incident.id}`} className="inline-flex min-h-7 max-w-full items-center rounded hover:underline">
              <Badge tone={open.has(id) ? "high" : "neutral"}>{id}</Badge>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
