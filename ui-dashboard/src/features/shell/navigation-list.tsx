"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { formatCount } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import { NAVIGATION, type NavigationItem } from "./navigation";

const NONE = () => 0;

/** The menu: beside the page where there is room, along the bottom (`compact`) where there is not. */
export function NavigationList({ compact = false, className }: { compact?: boolean; className: string }) {
  return (
    <nav aria-label="Pages" className={className}>
      {NAVIGATION.map((item) => (
        <NavLink key={item.href} item={item} compact={compact} />
      ))}
    </nav>
  );
}

function NavLink({ item, compact }: { item: NavigationItem; compact: boolean }) {
  const current = usePathname().replace(/\/?$/, "/") === item.href;
  const count = useCloud(item.count ?? NONE);
  const Icon = item.icon;
  return (
    <Link
      href={item.href}
      aria-current={current ? "page" : undefined}
      className={cx(
        "relative flex items-center rounded-md font-medium transition-colors",
        compact ? "min-h-14 flex-1 flex-col justify-center gap-0.5 text-[11px]" : "h-8 gap-2.5 px-2.5 text-[13px]",
        current ? "bg-raised text-ink" : "text-ink-muted hover:bg-raised hover:text-ink",
      )}
    >
      <Icon aria-hidden className="size-4" />
      {item.label}
      {count > 0 && (
        <span
          className={cx(
            "tint rounded px-1.5 text-[11px] leading-4 font-semibold text-accent-ink",
            compact ? "absolute top-1.5 left-1/2 ml-2.5" : "ml-auto",
          )}
        >
          {formatCount(count)}
          <span className="sr-only"> {item.countLabel}</span>
        </span>
      )}
    </Link>
  );
}
