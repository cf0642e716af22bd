import { Children, type CSSProperties, type ReactNode } from "react";
import { cx } from "./class-names";

interface Column {
  readonly key: string;
  readonly label: string;
  readonly numeric?: boolean;
}

/** A table of so many rows is laid out and painted only when it comes into sight; until then it has the height that its rows will need. */
const LONG = 20;

/** A table that scrolls sideways by itself where the screen is narrow, also by keyboard. */
export function Table({ label, columns, children }: { label: string; columns: readonly Column[]; children: ReactNode }) {
  const rows = Children.count(children);
  const asNeeded: CSSProperties | undefined = rows < LONG ? undefined : { contentVisibility: "auto", containIntrinsicBlockSize: `auto calc(2rem + ${rows} * (2.25rem + 1px))` };
  return (
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-b-lg" style={asNeeded}>
      <table className="w-full border-collapse text-[13px]">
        <thead>
          <tr className="border-b border-line text-left text-xs text-ink-muted">
            {columns.map(({ key, label: text, numeric }, i) => (
              <th key={key} scope="col" className={cx("h-8 px-2.5 font-medium whitespace-nowrap", i === 0 && "sticky left-0 bg-surface pl-4", numeric && "text-right")}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}

export function Cell({ numeric = false, children, className }: { numeric?: boolean; children: ReactNode; className?: string }) {
  return <td className={cx("h-9 px-2.5 whitespace-nowrap", numeric && "text-right", className)}>{children}</td>;
}

/** The cell that names its row; it stays in sight while the rest scrolls. */
export function HeadCell({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <th scope="row" className={cx("sticky left-0 h-9 bg-surface pr-3 pl-4 text-left font-medium whitespace-nowrap", className)}>
      {children}
    </th>
  );
}
