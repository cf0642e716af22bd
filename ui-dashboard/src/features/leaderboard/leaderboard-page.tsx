"use client";

import { useEffect } from "react";
import { Definitions } from "@/features/reports/definitions";
import { useReport } from "@/features/reports/use-report";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { AgentTable } from "./agent-table";
import { type Benchmark, type Standing } from "./benchmark";
import { PlayerTable } from "./player-table";
import { ShippedReport } from "./shipped-report";
import { WORDS } from "./score-words";

/** Who heals best: agents over the whole catalogue, people in their games, and the agent that ships in detail. */
export function LeaderboardPage() {
  const agents = useReport<readonly Standing[]>("leaderboard");
  const shipped = useReport<Benchmark>("benchmark");
  const ready = !agents.isPending && !shipped.isPending;
  // The browser looks for the place in the address before there is one.
  useEffect(() => {
    if (ready && window.location.hash !== "") document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }, [ready]);
  return (
    <div className="flex flex-col gap-4" aria-busy={!ready}>
      <h1 className="sr-only">Leaderboard</h1>
      {agents.isPending && <SkeletonRows rows={6} label="Loading the leaderboard" />}
      {agents.isError && <ErrorState error={agents.error} what="The leaderboard could not be loaded." onRetry={() => void agents.refetch()} />}
      {agents.data && <AgentTable agents={agents.data} />}
      <PlayerTable />
      {shipped.isPending && <SkeletonRows rows={8} label="Loading the report" />}
      {shipped.isError && <ErrorState error={shipped.error} what="The report could not be loaded." onRetry={() => void shipped.refetch()} />}
      {shipped.data && <ShippedReport report={shipped.data} />}
      <Definitions id="words" title="What the numbers mean" words={WORDS} />
    </div>
  );
}
