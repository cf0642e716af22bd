"use client";

import { History, Radio, RotateCw } from "lucide-react";
import Link from "next/link";
import { formatClock } from "@/format/format";
import { Button } from "@/ui/button";
import { type Past, secondsOf } from "./past";

interface MomentBannerProps {
  readonly past: Past;
  /** Last tick that was computed. */
  readonly loadedTo: number;
  readonly at: number;
  readonly present: number;
  readonly isLoading: boolean;
  readonly onReload: () => void;
}

/** That this is not now, and the way back. */
export function MomentBanner({ past, loadedTo, at, present, isLoading, onReload }: MomentBannerProps) {
  const words = (tick: number) => formatClock(secondsOf(past, tick));
  // A sample is a second old before it is there.
  const isBehind = secondsOf(past, present - loadedTo) >= 2;
  return (
    <div data-testid="moment-banner" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-accent-ink/40 bg-surface px-4 py-2.5 text-[13px] text-accent-ink shadow-card">
      <History aria-hidden className="size-4 shrink-0" />
      <p className="min-w-56 flex-1 text-ink">
        {at > loadedTo ? (
          <>
            You are looking at <strong className="font-semibold tabular-nums">{words(at)}</strong>; this run ends at <span className="tabular-nums">{words(loadedTo)}</span>.
          </>
        ) : at < loadedTo ? (
          <>
            You are looking at <strong className="font-semibold tabular-nums">{words(at)}</strong> of this run; the present is <span className="tabular-nums">{words(present)}</span>.
          </>
        ) : (
          <>
            You are looking at the latest sample, <strong className="font-semibold tabular-nums">{words(at)}</strong>. Drag along the run to look back.
          </>
        )}
      </p>
      {isBehind && (
        <Button size="sm" busy={isLoading} onClick={onReload}>
          <RotateCw aria-hidden className="size-3.5" />
          Load up to {words(present)}
        </Button>
      )}
      <Link href="/" className="flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-accent-ink hover:bg-raised">
        <Radio aria-hidden className="size-3.5" />
        Back to live
      </Link>
    </div>
  );
}
