"use client";

import { PreviewSection } from "./preview-section";
import { usePreview } from "./use-preview";
import { useSeen } from "./use-seen";

/** What could be done about an open incident, and what would come of each, as long as nobody proposes anything. */
export function IncidentPreview({ incidentId }: { incidentId: string }) {
  const { seen, ref } = useSeen();
  const query = usePreview({ kind: "incident", id: incidentId }, seen);
  return (
    <section ref={ref} aria-label="What could be done">
      <h3 className="mb-2 text-[13px] font-semibold">What could be done, and what would come of it</h3>
      <PreviewSection query={query} incidentId={incidentId} />
      {query.data?.options.length === 1 && <p className="mt-2 text-xs text-ink-muted">No remedy is known for what is suspected, so nothing is compared with doing nothing.</p>}
    </section>
  );
}
