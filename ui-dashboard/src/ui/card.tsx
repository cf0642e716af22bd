import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./class-names";

export interface CardProps extends Omit<ComponentProps<"section">, "title"> {
  readonly title: ReactNode;
  /** A few words beside the title: a count, a unit, a window. */
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  readonly flush?: boolean;
}

/** A titled part of a page. The title is its accessible name. */
export function Card({ title, hint, actions, flush = false, className, children, ...rest }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx("min-w-0 rounded-lg border border-line bg-surface shadow-card", className)} {...rest}>
      <header className={cx("flex min-h-10 items-center gap-2 border-b border-line px-4 py-1.5", actions !== undefined && "max-sm:flex-wrap")}>
        <h2 id={id} className="text-[13px] font-semibold whitespace-nowrap">
          {title}
        </h2>
        {hint !== undefined && <span className="truncate text-xs text-ink-muted">{hint}</span>}
        {actions !== undefined && <div className="ml-auto flex items-center gap-1.5">{actions}</div>}
      </header>
      <div className={flush ? undefined : "p-4"}>{children}</div>
    </section>
  );
}
