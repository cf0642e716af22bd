import { parseAsInteger, parseAsString } from "nuqs";
import type { Span } from "./past";

/** The page's state, all of it in the URL. Times are ticks of the run. */
export const REPLAY_PARAMS = {
  /** The moment; without it the last one there is. */
  at: parseAsInteger,
  /** A part of the run; both or none. */
  from: parseAsInteger,
  to: parseAsInteger,
  /** The simulation to compare with. */
  with: parseAsString,
  /** Draws this service instead of what users got. */
  service: parseAsString,
};

export function partOf({ from, to }: { readonly from: number | null; readonly to: number | null }): Span | undefined {
  return from !== null && to !== null && from >= 0 && to > from ? { from, to } : undefined;
}

/** What of a part lies within a run that ends there; nothing when the run has not come to it. */
export function clipped({ from, to }: Span, end: number | undefined): Span | undefined {
  const last = end === undefined ? to : Math.min(to, end);
  return last > from ? { from, to: last } : undefined;
}

/** The shortest part that is looked at, ticks: some samples. */
const SHORTEST = 200;

/** A part of another length around a moment, within the run; nothing when that is the whole run. */
export function zoomed(span: Span, at: number, factor: number, end: number): Span | undefined {
  const length = Math.max(SHORTEST, Math.round((span.to - span.from) * factor));
  if (length >= end) return undefined;
  const share = span.to > span.from ? (Math.min(Math.max(at, span.from), span.to) - span.from) / (span.to - span.from) : 0.5;
  const from = Math.round(Math.min(Math.max(0, at - share * length), end - length));
  return { from, to: from + length };
}

/** A part that was drawn with the mouse, made as long as it has to be. */
export function stretched(from: number, to: number, end: number): Span {
  const middle = (from + to) / 2;
  const half = Math.max(to - from, SHORTEST) / 2;
  const begin = Math.max(0, Math.round(Math.min(middle - half, end - 2 * half)));
  return { from: begin, to: Math.min(end, Math.round(begin + 2 * half)) };
}
