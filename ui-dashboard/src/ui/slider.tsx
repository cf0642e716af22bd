"use client";

import { type CSSProperties, useEffect, useId, useRef, useState } from "react";

/** After the last key, this long until the value holds. */
const SETTLE_MS = 500;

interface SliderProps {
  readonly label: string;
  readonly hint: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly disabled?: boolean;
  /** The value in words, with its unit. */
  readonly words: (value: number) => string;
  /** Told when it is let go, not while it moves. */
  readonly onCommit: (value: number) => void;
}

/** A number that is felt for rather than known. */
export function Slider({ label, hint, value, min, max, step, disabled = false, words, onCommit }: SliderProps) {
  const id = useId();
  const [dragged, setDragged] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = dragged ?? value;
  const commit = () => {
    clearTimeout(timer.current);
    if (dragged !== undefined && dragged !== value) onCommit(dragged);
    setDragged(undefined);
  };
  const settle = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(commit, SETTLE_MS);
  };
  return (
    <div className="flex flex-col gap-1 text-[13px]">
      <div className="flex items-baseline gap-2">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <output htmlFor={id} className="ml-auto font-medium">
          {words(shown)}
        </output>
      </div>
      <input
        id={id}
        type="range"
        className="slider h-6 w-full cursor-pointer disabled:cursor-not-allowed disabled:opacity-50"
        style={{ "--filled": `${((shown - min) / (max - min)) * 100}%` } as CSSProperties}
        min={min}
        max={max}
        step={step}
        value={shown}
        disabled={disabled}
        aria-valuetext={words(shown)}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setDragged(Number(event.target.value))}
        onPointerUp={commit}
        onKeyUp={settle}
        onBlur={commit}
      />
      <span id={`${id}-hint`} className="text-xs text-ink-muted">
        {hint}
      </span>
    </div>
  );
}
