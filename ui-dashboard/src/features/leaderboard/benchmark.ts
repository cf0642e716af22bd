/** The reports of `microcloud evaluate` (`microcloud.benchmark/1`), as far as the page shows them; docs/benchmark.md has every key. Pure. */
import { formatNumber, formatPercent, formatSpread } from "@/format/format";
import type { Game } from "@/gen/ops/v1/game_service_pb";

export interface Standing {
  readonly agent: string;
  readonly suite: string;
  readonly seeds: number;
  readonly model_version: number;
  readonly score: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly restraint: number | null;
  readonly mitigated_pct: number | null;
  readonly mitigate_s: number | null;
  readonly slo_minutes: number;
  readonly harm_pct: number;
  readonly worse_than_nothing: number;
  readonly extra_cost_pct: number;
  readonly actions: number;
}

export interface GroupScore {
  readonly name: string;
  readonly score: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly restraint: number | null;
  readonly episodes: number;
  readonly mitigated_pct: number | null;
  readonly mitigate_s: number | null;
  readonly cause_top1_pct: number | null;
  readonly slo_minutes: number;
  readonly slo_minutes_nothing: number;
  readonly slo_minutes_oracle: number;
  readonly harm_pct: number;
  readonly regret_minutes: number;
  readonly extra_cost_pct: number;
  readonly actions: number;
}

export interface Benchmark {
  readonly schema: string;
  readonly model_version: number;
  readonly agent: string;
  readonly seeds: number;
  readonly score: number | null;
  readonly families: readonly GroupScore[];
  readonly scenarios: readonly GroupScore[];
}

/** `84.4`; `–` where there was nothing to earn. */
export function pointsWords(score: number | null | undefined): string {
  return score === null || score === undefined ? "–" : formatNumber(score);
}

/** `81 to 87`; one seed has no spread, and so no interval. */
export function intervalWords(low: number | null | undefined, high: number | null | undefined): string {
  return low === null || low === undefined || high === null || high === undefined ? "–" : formatSpread(low, high) || formatNumber(low);
}

/** `+6 %`, `−43 %` */
export function extraWords(percent: number): string {
  if (Math.abs(percent) < 0.05) return "±0 %";
  return `${percent < 0 ? "−" : "+"}${formatPercent(Math.abs(percent))}`;
}

export interface PlayerStanding {
  readonly player: string;
  readonly games: number;
  /** Mean of the scores, where something was to be earned. */
  readonly score: number | undefined;
  readonly best: number | undefined;
  /** Mean of the best in hindsight, over the same games. */
  readonly possible: number | undefined;
  readonly mitigated: number;
  readonly troubled: number;
  readonly harmPct: number;
  readonly regretMinutes: number;
}

/** People who have finished blind games, the best first; practice does not count. */
export function playersOf(games: readonly Game[]): PlayerStanding[] {
  const byPlayer = new Map<string, Game[]>();
  for (const game of games) {
    if (!game.practice && game.result) byPlayer.set(game.player, [...(byPlayer.get(game.player) ?? []), game]);
  }
  return [...byPlayer].map(([player, theirs]) => standingOf(player, theirs)).toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1) || a.player.localeCompare(b.player));
}

function standingOf(player: string, games: readonly Game[]): PlayerStanding {
  const mine = games.flatMap(({ result }) => result?.rows[0] ?? []);
  const scores = mine.flatMap(({ score }) => score ?? []);
  const possible = games.flatMap(({ result }) => result?.rows.find((row, place) => place > 0 && row.player === "oracle")?.score ?? []);
  return {
    player,
    games: games.length,
    score: mean(scores),
    best: scores.length === 0 ? undefined : Math.max(...scores),
    possible: mean(possible),
    mitigated: mine.filter(({ score, mitigateS }) => score !== undefined && mitigateS !== undefined).length,
    troubled: scores.length,
    harmPct: mean(mine.map(({ harmPct }) => harmPct)) ?? 0,
    regretMinutes: mean(mine.map(({ regretMinutes }) => regretMinutes)) ?? 0,
  };
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
