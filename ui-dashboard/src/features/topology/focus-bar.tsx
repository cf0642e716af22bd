import { X } from "lucide-react";
import Link from "next/link";
import { errorSentence } from "@/rpc/transport";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import type { Role } from "./focus";
import { ROLE_LOOKS } from "./role-look";
import type { Focused } from "./use-focus";

/** What is drawn on the map besides how it does, what the frames mean, and the way back. */
export function FocusBar({ focused: { title, href, focus, error }, onEnd }: { focused: Focused; onEnd: () => void }) {
  const roles = new Set([...(focus?.services.values() ?? []), ...(focus?.nodes.values() ?? [])].map(({ role }) => role));
  return (
    <div role="status" data-testid="focus" className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-raised py-1.5 pr-1.5 pl-4 text-[13px]">
      <Link href={href} className="min-w-0 truncate font-medium hover:underline">
        {title}
      </Link>
      {error !== null && !focus && <span className="text-xs text-critical">{errorSentence(error)}</span>}
      <span className="flex flex-wrap gap-x-3 text-xs">
        {(Object.keys(ROLE_LOOKS) as Role[]).filter((role) => roles.has(role)).map((role) => {
          const { icon: Icon, text, meaning } = ROLE_LOOKS[role];
          return (
            <span key={role} className={cx("flex items-center gap-1", text)}>
              <Icon aria-hidden className="size-3.5" />
              {meaning}
            </span>
          );
        })}
      </span>
      <Button tone="quiet" size="icon" className="ml-auto" aria-label="Show the map without it" onClick={onEnd}>
        <X aria-hidden className="size-4" />
      </Button>
    </div>
  );
}
