import { CircleAlert } from "lucide-react";
import { Card } from "@/ui/card";
import { problemOf } from "./sql-words";

/** Why there is no result, and what PostgreSQL said. */
export function SqlProblemCard({ error }: { error: unknown }) {
  const { title, hint, said } = problemOf(error);
  return (
    <Card title="Result">
      <div role="alert" className="flex gap-3 text-[13px]">
        <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-critical" />
        <div className="min-w-0">
          <p className="font-medium">{title}.</p>
          {said !== "" && <pre className="mt-2 overflow-x-auto rounded-md bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{said}</pre>}
          {hint !== "" && <p className="mt-2 text-xs text-ink-muted">{hint}</p>}
        </div>
      </div>
    </Card>
  );
}
