"use client";

import { useQuery } from "@tanstack/react-query";

/** Files that `scripts/copy-reports.mjs` puts beside the pages: as old as this build, and from no other place. */
async function load<T>(name: string, signal: AbortSignal): Promise<T> {
  const answer = await fetch(`/reports/${name}.json`, { signal });
  if (!answer.ok) throw new Error(`This build has no ${name} report (HTTP ${answer.status}).`);
  return (await answer.json()) as T;
}

export function useReport<T>(name: "grades" | "benchmark" | "leaderboard" | "questions") {
  return useQuery({ queryKey: ["report", name], queryFn: ({ signal }) => load<T>(name, signal), staleTime: Number.POSITIVE_INFINITY, retry: false });
}
