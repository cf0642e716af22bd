"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { formatCount } from "@/format/format";
import type { SqlColumn, SqlRow } from "@/gen/ops/v1/sql_service_pb";
import { Button } from "@/ui/button";
import { Cell, Table } from "@/ui/table";
import { kindOf } from "./sql-values";

const PAGE = 100;

/** Rows as they came, a hundred at a time; values as PostgreSQL writes them. */
export function SqlTable({ columns, rows }: { columns: readonly SqlColumn[]; rows: readonly SqlRow[] }) {
  const [page, setPage] = useState(0);
  const pages = Math.ceil(rows.length / PAGE);
  const first = page * PAGE;
  const shown = rows.slice(first, first + PAGE);
  const heads = columns.map((column, i) => ({ key: String(i), label: column.name, numeric: kindOf(column) === "number" }));
  return (
    <>
      <div className="max-h-[70dvh] overflow-y-auto">
        <Table label="Rows of the result" columns={heads}>
          {shown.map((row, i) => (
            <tr key={first + i}>
              {heads.map(({ key, numeric }, column) => (
                <Value key={key} text={row.values[column]?.text} numeric={numeric} first={column === 0} />
              ))}
            </tr>
          ))}
        </Table>
      </div>
      {pages > 1 && (
        <div className="flex items-center gap-2 border-t border-line px-4 py-2 text-xs text-ink-muted">
          <span role="status">
            Rows {formatCount(first + 1)} to {formatCount(first + shown.length)} of {formatCount(rows.length)}
          </span>
          <Button size="sm" className="ml-auto" disabled={page === 0} onClick={() => setPage(page - 1)} aria-label="Earlier rows">
            <ChevronLeft aria-hidden className="size-3.5" />
          </Button>
          <Button size="sm" disabled={page >= pages - 1} onClick={() => setPage(page + 1)} aria-label="Later rows">
            <ChevronRight aria-hidden className="size-3.5" />
          </Button>
        </div>
      )}
    </>
  );
}

function Value({ text, numeric, first }: { text: string | undefined; numeric: boolean; first: boolean }) {
  return (
    <Cell numeric={numeric} className={first ? "pl-4" : undefined}>
      {text === undefined ? (
        <span className="text-xs text-ink-muted">null</span>
      ) : (
        <span className="block max-w-96 truncate" title={text.length > 48 ? text : undefined}>
          {text}
        </span>
      )}
    </Cell>
  );
}
