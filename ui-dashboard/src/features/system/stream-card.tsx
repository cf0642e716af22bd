"use client";

import { formatBytes, formatCount, formatWallTime, NO_DATA } from "@/format/format";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { connectionLook } from "@/features/shell/connection-words";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { FactList } from "./fact-list";
import { useReadings } from "./use-system";

/** The stream that feeds this page, and everybody's. */
export function StreamCard() {
  const connection = useCloud((state) => state.connection);
  const engineSilent = useCloud((state) => state.engineSilent);
  const { malformed, snapshots } = useCalmCloud((state) => ({ malformed: state.malformed, snapshots: state.snapshots }));
  const { data } = useReadings();
  const look = connectionLook({ connection, engineSilent });
  return (
    <Card title="Stream and orchestrator" hint={data?.version && `version ${data.version}`}>
      <FactList
        facts={[
          ["This page", <Badge key="look" tone={look.tone}>{look.word}</Badge>],
          ["Began anew", formatCount(Math.max(0, snapshots - 1))],
          ["Events that could not be read", malformed.count === 0 ? "none" : `${formatCount(malformed.count)}; last: ${malformed.last}`],
          ["Open streams", formatCount(data?.streamClients)],
          ["Events sent since the start", formatCount(data?.streamEvents)],
          ["Clients that fell behind", formatCount(data?.resyncs)],
          ["Up since", data?.startedMs === undefined ? NO_DATA : formatWallTime(data.startedMs)],
          ["Memory", formatBytes(data?.memoryBytes)],
        ]}
      />
    </Card>
  );
}
