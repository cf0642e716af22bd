import type { ReactNode } from "react";
import { cx } from "./class-names";

export type BadgeTone = "neutral" | "ok" | "info" | "warning" | "high" | "critical" | "accent";

const TEXT: Readonly<Record<BadgeTone, string>> = {
  neutral: "text-ink-muted",
  ok: "text-ok",
  info: "text-info",
  warning: "text-warning",
  high: "text-high",
  critical: "text-critical",
  accent: "text-accent-ink",
};

/** A word with a colour. The word alone says it all; the colour only helps to find it. */
export function Badge({ tone, icon, children, className }: { tone: BadgeTone; icon?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <span className={cx("tint inline-flex h-5 max-w-full items-center gap-1 rounded px-1.5 text-[11px] font-medium whitespace-nowrap", TEXT[tone], className)}>
      {icon}
      <span className="truncate">{children}</span>
    </span>
  );
}

export function Dot({ tone, pulse = false }: { tone: BadgeTone; pulse?: boolean }) {
  return <span aria-hidden className={cx("inline-block size-2 shrink-0 rounded-full bg-current", TEXT[tone], pulse && "animate-pulse")} />;
}
