import { CircleAlert, CircleCheck, Hourglass, type LucideIcon, TriangleAlert } from "lucide-react";
import type { BadgeTone } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { type Verdict, verdict } from "./preview-words";
import type { PreviewQuery } from "./use-preview";

const LOOKS: Readonly<Partial<Record<BadgeTone, { readonly icon: LucideIcon; readonly color: string }>>> = {
  ok: { icon: CircleCheck, color: "text-ok" },
  warning: { icon: TriangleAlert, color: "text-warning" },
  critical: { icon: CircleAlert, color: "text-critical" },
};

/** What is to be known before Approve is pressed. Its place is kept while it is computed, and it never bars the way. */
export function PreviewVerdict({ id, query, className }: { id: string; query: PreviewQuery; className?: string }) {
  const { tone, text } = words(query);
  const look = LOOKS[tone] ?? { icon: Hourglass, color: "text-ink-muted" };
  return (
    <p id={id} role="status" data-testid="verdict" data-tone={tone} className={cx("flex min-w-0 items-start gap-1.5 text-[13px]", look.color, className)}>
      {text !== "" && <look.icon aria-hidden className="mt-0.5 size-4 shrink-0" />}
      <span className="min-w-0 break-words">{text}</span>
    </p>
  );
}

function words({ data, isError, isFetching }: PreviewQuery): Verdict {
  if (data) return verdict(data);
  if (isFetching) return { tone: "neutral", text: "Looking ahead at what would come of it…" };
  return { tone: "neutral", text: isError ? "What would come of it is not known." : "" };
}
