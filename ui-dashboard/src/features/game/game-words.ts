/** Games in words. Pure. */
import { formatNumber, formatWholeDuration, NO_DATA } from "@/format/format";
import type { Game, GameRow } from "@/gen/ops/v1/game_service_pb";

const NAMES: Readonly<Record<string, string>> = { nobody: "Nobody", rules: "The agent", oracle: "The best in hindsight" };

/** The player comes first and may be called as they like; the others are named by the server. */
export function rowName({ player }: Pick<GameRow, "player">, place: number): string {
  return place === 0 ? player : (NAMES[player] ?? player);
}

/** `84`, or that there was nothing to earn. */
export function scoreWords(score: number | undefined): string {
  return score === undefined ? "–" : formatNumber(Math.round(score * 10) / 10);
}

/** `after 22 s`, or `never`. */
export function afterWords(seconds: number | undefined): string {
  return seconds === undefined ? "never" : formatWholeDuration(seconds);
}

/** The player's own row. */
export function own({ result }: Pick<Game, "result">): GameRow | undefined {
  return result?.rows[0];
}

export function best({ result }: Pick<Game, "result">): GameRow | undefined {
  return result?.rows.find(({ player }, place) => place > 0 && player === "oracle");
}

/** How it went, in one sentence. */
export function verdict(game: Game): string {
  const [mine, theirs] = [own(game), best(game)];
  if (!mine) return NO_DATA;
  if (mine.score === undefined) return mine.harmPct > 0.1 ? "There was nothing to earn, and something was lost." : "There was nothing to earn, and nothing was lost.";
  const held = mine.held ? "The objectives held under the burst in the end." : "The burst in the end broke an objective.";
  const mended = mine.mitigateS === undefined ? "The trouble was not mitigated for good." : `The trouble was mitigated after ${formatWholeDuration(mine.mitigateS)}${theirs?.mitigateS === undefined ? "" : `; in hindsight ${formatWholeDuration(theirs.mitigateS)} were possible`}.`;
  return `${mended} ${held}`;
}

/** Stretch of time that holds every deed, s since the onset: at least ten minutes from it on. */
export function span(rows: readonly GameRow[]): { readonly from: number; readonly to: number } {
  const times = rows.flatMap(({ deeds, mitigateS }) => [...deeds.map(({ atS }) => atS), mitigateS ?? 0]);
  return { from: Math.min(0, ...times), to: Math.max(600, ...times) };
}
