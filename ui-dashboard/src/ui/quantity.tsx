import type { Quantity as Value } from "@/format/format";
import { NO_DATA } from "@/format/format";
import { cx } from "./class-names";

/** A number with its unit set smaller; "no data" in words when there is none. */
export function Quantity({ of, className, unitClassName }: { of: Value; className?: string; unitClassName?: string }) {
  if (of.value === NO_DATA) return <span className={cx("text-ink-muted", className)}>{NO_DATA}</span>;
  return (
    <span className={cx("whitespace-nowrap", className)}>
      {of.value}
      {of.unit !== "" && <span className={cx("text-ink-muted", unitClassName ?? "ml-1 text-[0.8em]")}>{of.unit}</span>}
    </span>
  );
}
