import { CircleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { errorSentence } from "@/rpc/transport";
import { Button } from "./button";
import { cx } from "./class-names";

interface EmptyStateProps {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  /** In a card among others, where being empty is nothing special. */
  readonly compact?: boolean;
  readonly className?: string;
}

/** Nothing to show, and why that is fine or what to do about it. */
export function EmptyState({ icon: Icon, title, children, compact = false, className }: EmptyStateProps) {
  return (
    <div className={cx("flex flex-col items-center gap-1.5 px-6 text-center", compact ? "py-5" : "py-10", className)}>
      <Icon aria-hidden className="size-5 text-ink-muted" />
      <p className="text-[13px] font-medium">{title}</p>
      {children !== undefined && <p className="max-w-md text-xs text-ink-muted">{children}</p>}
    </div>
  );
}

export function ErrorState({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <CircleAlert aria-hidden className="size-5 text-critical" />
      <p className="text-[13px] font-medium">{what}</p>
      <p className="max-w-md text-xs text-ink-muted">{errorSentence(error)}</p>
      {onRetry && (
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Holds the place of what is coming, in its size, so that nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cx("block animate-pulse rounded bg-raised", className)} />;
}

export function SkeletonRows({ rows, label }: { rows: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} className="h-5 w-full" />
      ))}
    </div>
  );
}
