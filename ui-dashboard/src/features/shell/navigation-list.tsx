"use client";

import { Ellipsis } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import * as Popover from "radix-ui/popover";
import type { ComponentProps } from "react";
import { formatCount } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import { isCurrent, NAVIGATION, type NavigationItem } from "./navigation";

const NONE = () => 0;

/** The menu beside the page. */
export function NavigationList({ className }: { className: string }) {
  return (
    <nav aria-label="Pages" className={className}>
      {NAVIGATION.map((item) => (
        <NavLink key={item.href} item={item} />
      ))}
    </nav>
  );
}

/** The menu along the bottom, where there is no room beside: what one is called for, and the rest behind "More". */
export function NavigationBar({ className }: { className: string }) {
  const pathname = usePathname();
  const rest = NAVIGATION.filter(({ primary }) => primary !== true);
  return (
    <nav aria-label="Pages" className={className}>
      {NAVIGATION.filter(({ primary }) => primary === true).map((item) => (
        <NavLink key={item.href} item={item} compact />
      ))}
      <Popover.Root>
        <Popover.Trigger className={cx(COMPACT, rest.some((item) => isCurrent(item, pathname)) ? "bg-raised text-ink" : "text-ink-muted")}>
          <Ellipsis aria-hidden className="size-4" />
          More
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content side="top" align="end" sideOffset={6} aria-label="More pages" className="z-40 flex w-52 flex-col gap-0.5 rounded-lg border border-line bg-surface p-2 shadow-xl outline-none">
            {rest.map((item) => (
              <Popover.Close key={item.href} asChild>
                <NavLink item={item} className="min-h-11" />
              </Popover.Close>
            ))}
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </nav>
  );
}

const COMPACT = "relative flex min-h-14 flex-1 flex-col items-center justify-center gap-0.5 rounded-md text-[11px] font-medium";

interface NavLinkProps extends Omit<ComponentProps<typeof Link>, "href"> {
  readonly item: NavigationItem;
  readonly compact?: boolean;
  readonly className?: string;
}

function NavLink({ item, compact = false, className, ...rest }: NavLinkProps) {
  const current = isCurrent(item, usePathname());
  const count = useCloud(item.count ?? NONE);
  const Icon = item.icon;
  return (
    <Link
      href={item.href}
      aria-current={current ? "page" : undefined}
      {...rest}
      className={cx(
        compact ? COMPACT : cx("relative flex h-8 items-center gap-2.5 rounded-md px-2.5 text-[13px] font-medium", item.apart && "lg:mt-3"),
        "transition-colors",
        current ? "bg-raised text-ink" : "text-ink-muted hover:bg-raised hover:text-ink",
        className,
      )}
    >
      <Icon aria-hidden className="size-4" />
      {item.label}
      {count > 0 && (
        <span className={cx("tint rounded px-1.5 text-[11px] leading-4 font-semibold text-accent-ink", compact ? "absolute top-1.5 left-1/2 ml-2.5" : "ml-auto")}>
          {formatCount(count)}
          <span className="sr-only"> {item.countLabel}</span>
        </span>
      )}
    </Link>
  );
}
