import { cx } from "./class-names";

/** Keys to press, one after the other or together. */
export function Keys({ keys, className }: { keys: readonly string[]; className?: string }) {
  return (
    <span className={cx("inline-flex gap-1", className)}>
      {keys.map((key) => (
        <kbd key={key} className="rounded border border-line bg-raised px-1 font-sans text-[11px] leading-4 text-ink-muted">
          {key}
        </kbd>
      ))}
    </span>
  );
}
