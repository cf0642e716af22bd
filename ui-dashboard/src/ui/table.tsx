import { Children, type CSSProperties, type ReactNode } from "react";
import { cx } from "./class-names";

interface Column {
  readonly key: string;
  readonly label: string;
  readonly numeric?: boolean;
  /** Its label may take several lines, where what stands below is narrower. */
  readonly wraps?: boolean;
}

/** A table of so many rows is laid out and painted only when it comes into sight; until then it has the height that its rows will need. */
const LONG = 20;
/** Rows of one body of a steady table: they come into sight together. */
const TOGETHER = 10;

interface TableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  /** Rows keep their places, so that they can be in several bodies. */
  readonly steady?: boolean;
  readonly children: ReactNode;
}

/** A table that scrolls sideways by itself where the screen is narrow, also by keyboard. */
export function Table({ label, columns, steady = false, children }: TableProps) {
  const list = Children.toArray(children);
  const rows = list.length;
  const asNeeded: CSSProperties | undefined = rows < LONG ? undefined : { contentVisibility: "auto", containIntrinsicBlockSize: `auto calc(2rem + ${rows} * (2.25rem + 1px))` };
  return (
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-b-lg" style={asNeeded}>
      <table className="w-full border-collapse text-[13px]">
        <thead>
          <tr className="border-b border-line text-left text-xs text-ink-muted">
            {columns.map(({ key, label: text, numeric, wraps }, i) => (
              <th key={key} scope="col" className={cx("h-8 px-2.5 font-medium", wraps ? "py-1.5 align-bottom" : "whitespace-nowrap", i === 0 && "sticky left-0 bg-surface pl-4", numeric && "text-right")}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        {(steady ? chunks(list, TOGETHER) : [list]).map((body, i) => (
          <tbody key={i} className="divide-y divide-line not-first-of-type:border-t not-first-of-type:border-line">
            {body}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function chunks<T>(list: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
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
