/** The committed reports, served as the build serves them. */
import { readFileSync } from "node:fs";
import { vi } from "vitest";

const DOCS = { grades: "grades/grades.json", benchmark: "benchmark/report.json", leaderboard: "benchmark/leaderboard.json" } as const;

export function committedReport(name: keyof typeof DOCS): string {
  return readFileSync(`../docs/${DOCS[name]}`, "utf8");
}

export function serveReports(): void {
  vi.stubGlobal("fetch", (url: string) => {
    const name = /^\/reports\/(grades|benchmark|leaderboard)\.json$/.exec(url)?.[1] as keyof typeof DOCS | undefined;
    return Promise.resolve(name ? new Response(committedReport(name)) : new Response("", { status: 404 }));
  });
}
