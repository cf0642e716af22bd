"use client";

import { useId, useState } from "react";

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
  const shown = dragged ?? value;
  const commit = () => {
    if (dragged !== undefined && dragged !== value) onCommit(dragged);
    setDragged(undefined);
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
        className="h-6 w-full accent-accent disabled:opacity-50"
        min={min}
        max={max}
        step={step}
        value={shown}
        disabled={disabled}
        aria-valuetext={words(shown)}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setDragged(Number(event.target.value))}
        onPointerUp={commit}
        onKeyUp={commit}
        onBlur={commit}
      />
      <span id={`${id}-hint`} className="text-xs text-ink-muted">
        {hint}
      </span>
    </div>
  );
}
