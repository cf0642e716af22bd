"use client";

import { Download, Rows3 } from "lucide-react";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import { formatDuration, formatMilliseconds, plural } from "@/format/format";
import { useNow } from "@/features/clock/use-now";
import type { SqlServiceQueryResponse } from "@/gen/ops/v1/sql_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { saveFile } from "@/ui/save-file";
import { EmptyState, Skeleton } from "@/ui/states";
import { Tabs } from "@/ui/tabs";
import { SqlChart } from "./sql-chart";
import { SqlTable } from "./sql-table";
import { drawable, resultCsv } from "./sql-values";

const VIEWS = ["table", "chart"] as const;
const VIEW_WORDS = { table: "Table", chart: "Chart" } as const;

/** What came of it, as a table, as a chart where there are numbers, and as a file. */
export function SqlResult({ result }: { result: SqlServiceQueryResponse }) {
  const [view, setView] = useQueryState("view", parseAsStringLiteral(VIEWS).withDefault("table"));
  const { columns, rows, truncated, elapsedMs } = result;
  const canDraw = rows.length > 0 && drawable(columns).numbers.length > 0;
  const hint = `${truncated ? `the first ${plural(rows.length, "row")}; there are more` : plural(rows.length, "row")}, in ${formatMilliseconds(elapsedMs)}`;
  return (
    <Card
      flush
      title="Result"
      hint={hint}
      data-testid="sql-result"
      actions={
        <>
          {canDraw && <Tabs label="Show as" options={VIEWS} words={VIEW_WORDS} value={view} onChange={(next) => void setView(next)} />}
          <Button size="sm" disabled={rows.length === 0} onClick={() => saveFile("result.csv", resultCsv(result), "text/csv")}>
            <Download aria-hidden className="size-3.5" />
            CSV
          </Button>
        </>
      }
    >
      {rows.length === 0 && (
        <EmptyState icon={Rows3} title="No rows">
          The statement is fine, and nothing that is stored fits it.
        </EmptyState>
      )}
      {rows.length > 0 && (canDraw && view === "chart" ? <SqlChart result={result} /> : <SqlTable columns={columns} rows={rows} />)}
      {truncated && <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">Not all rows are shown, and the CSV holds no more than these. Add a limit, or ask about less.</p>}
    </Card>
  );
}

/** In the size of what is coming, with a clock: a statement may take its time. */
export function SqlRunning() {
  const now = useNow();
  const [since] = useState(() => Date.now());
  return (
    <Card title="Result" hint={`running for ${formatDuration(Math.max(0, now - since))}`} aria-busy>
      <div role="status" aria-label="The statement runs" className="flex flex-col gap-3">
        {Array.from({ length: 5 }, (_, i) => (
          <Skeleton key={i} className="h-5 w-full" />
        ))}
      </div>
    </Card>
  );
}
