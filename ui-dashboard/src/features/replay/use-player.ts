"use client";

import { useEffect, useRef, useState } from "react";
import { placeAt } from "./moment";

export const PLAY_SPEEDS = [1, 4, 16] as const;
export type PlaySpeed = (typeof PLAY_SPEEDS)[number];

const EVERY_MS = 100;

interface Stage {
  /** Ticks that there are samples of. */
  readonly ticks: readonly number[];
  readonly at: number;
  readonly tickMs: number;
  readonly seek: (tick: number) => void;
}

/** Moves the moment on as simulated time would, sample by sample, up to the end. */
export function usePlayer({ ticks, at, tickMs, seek }: Stage) {
  const [wanted, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<PlaySpeed>(4);
  const last = ticks.at(-1) ?? 0;
  const playing = wanted && at < last;
  const now = useRef({ at, ticks });
  useEffect(() => {
    now.current = { at, ticks };
  });
  useEffect(() => {
    if (!playing) return undefined;
    // Between two samples the moment stands still, while this goes on.
    let [tick, shown] = [now.current.at, now.current.at];
    let before = performance.now();
    const timer = setInterval(() => {
      const { at: current, ticks: all } = now.current;
      // Somebody moved it meanwhile.
      if (current !== shown) tick = current;
      const time = performance.now();
      tick += ((time - before) / tickMs) * speed;
      before = time;
      const next = all[placeAt(all, tick)] ?? current;
      shown = Math.max(next, current);
      if (shown > current) seek(shown);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [playing, speed, tickMs, seek]);
  const first = ticks[0] ?? 0;
  const toggle = () => {
    // At the end there is only the beginning to go on from.
    if (!playing && at >= last) seek(first);
    setPlaying(!playing);
  };
  return { playing, speed, setSpeed, toggle };
}
