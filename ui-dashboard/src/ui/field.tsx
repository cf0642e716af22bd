import { ChevronDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "./class-names";

const CONTROL =
  "w-full rounded-md border border-line-strong bg-surface text-[13px] text-ink placeholder:text-ink-muted disabled:cursor-not-allowed disabled:border-line disabled:bg-raised disabled:text-ink-muted";

/** A label over its control, with what is wrong or what is meant underneath. */
export function Field({ label, hint, error, children }: { label: string; hint?: ReactNode; error?: string; children: ReactNode }) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-[13px]">
      <span className="font-medium">{label}</span>
      {children}
      {error ? (
        <span role="alert" className="text-xs text-critical">
          {error}
        </span>
      ) : (
        hint !== undefined && <span className="text-xs text-ink-muted">{hint}</span>
      )}
    </label>
  );
}

export function TextInput({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cx(CONTROL, "h-8 px-2.5", className)} {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cx(CONTROL, "min-h-20 resize-y px-2.5 py-2", className)} {...rest} />;
}

/** The browser's own select: it is the best one on a phone and with a screen reader. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cx("relative inline-flex min-w-0", className)}>
      <select className={cx(CONTROL, "h-8 min-w-0 appearance-none truncate pr-7 pl-2.5")} {...rest}>
        {children}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute top-2 right-2 size-4 text-ink-muted" />
    </span>
  );
}
