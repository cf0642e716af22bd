import { Timer } from "lucide-react";
import { formatCountdown, instantMs } from "@/format/format";
import type { Action } from "@/gen/ops/v1/action_pb";
import { Badge } from "@/ui/badge";

/** With less than this left, a proposal is urgent. */
const URGENT_MS = 120_000;

export function remainingMs(action: Action, now: number): number {
  const expires = instantMs(action.expiresAt);
  return expires === undefined || now === 0 ? Number.POSITIVE_INFINITY : expires - now;
}

/** What is left to decide, counting down. The server has the last word. */
export function Expiry({ action, now }: { action: Action; now: number }) {
  const left = remainingMs(action, now);
  if (left === Number.POSITIVE_INFINITY) return null;
  return (
    <Badge tone={left <= 0 ? "neutral" : left < URGENT_MS ? "warning" : "neutral"} icon={<Timer aria-hidden className="size-3" />} className="ml-auto">
      {left <= 0 ? "expired" : `expires in ${formatCountdown(left)}`}
    </Badge>
  );
}
