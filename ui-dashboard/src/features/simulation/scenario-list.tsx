"use client";

import { useQuery } from "@connectrpc/connect-query";
import { FileText } from "lucide-react";
import Link from "next/link";
import { formatScenarioLength } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCloud } from "@/features/cloud/use-cloud";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { byFamily } from "./scenario-families";
import { useScenario } from "./use-scenario";

export function ScenarioList() {
  const { data, isPending, isError, error, refetch } = useQuery(ControlService.method.listScenarios);
  const current = useCloud(({ simulation }) => simulation?.scenario);
  const scenario = useScenario();
  return (
    <Card flush title="Scenarios" hint="a switch takes effect at the next tick">
      {isPending && <SkeletonRows rows={3} label="Loading scenarios" />}
      {isError && <ErrorState error={error} what="The scenarios could not be loaded." onRetry={() => void refetch()} />}
      {data?.scenarios.length === 0 && <EmptyState icon={FileText} title="There are no scenarios" />}
      {byFamily(data?.scenarios ?? []).map(({ family, title, members }) => (
        <section key={family} aria-label={title}>
          <h3 className="border-y border-line bg-raised px-4 py-1.5 text-xs font-medium text-ink-muted">{title}</h3>
          <ul className="grid md:grid-cols-2">
            {members.map(({ name, description, difficulty, durationS }) => (
              <li key={name} className="flex items-start gap-3 border-line px-4 py-3 not-first:border-t md:odd:border-r md:nth-2:border-t-0">
                <div className="min-w-0">
                  <p className="flex flex-wrap items-center gap-2 text-[13px] font-medium">
                    {name}
                    <span className="text-xs font-normal text-ink-muted">
                      {difficulty > 0 && <>difficulty {difficulty} of 5 · </>}
                      {formatScenarioLength(durationS)}
                    </span>
                  </p>
                  <p className="mt-0.5 text-xs text-ink-muted">{description}</p>
                </div>
                <div className="ml-auto flex items-center gap-2">
                  <Link href={`/topology/edit/?scenario=${encodeURIComponent(name)}`} aria-label={`Open ${name} in the editor`} className="rounded text-xs text-accent-ink hover:underline">
                    Edit
                  </Link>
                  {name === current ? (
                    <Badge tone="accent">running</Badge>
                  ) : (
                    <Button size="sm" busy={scenario.busy} onClick={() => scenario.run({ scenario: name })} aria-label={`Run ${name}`}>
                      Run
                    </Button>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Card>
  );
}
