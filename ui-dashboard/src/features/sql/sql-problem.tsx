import { CircleAlert } from "lucide-react";
import { formatCount } from "@/format/format";
import { Card } from "@/ui/card";
import { placeOf, problemOf } from "./sql-words";

/** Why there is no result, and what PostgreSQL said. */
export function SqlProblemCard({ error, statement }: { error: unknown; statement: string }) {
  const { title, hint, said } = problemOf(error);
  const place = placeOf(said, statement);
  return (
    <Card title="Result">
      <div role="alert" className="flex gap-3 text-[13px]">
        <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-critical" />
        <div className="min-w-0">
          <p className="font-medium">{title}.</p>
          {said !== "" && <pre className="mt-2 overflow-x-auto rounded-md bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{said}</pre>}
          {place && (
            <figure className="mt-2" aria-label="Where">
              <figcaption className="text-xs text-ink-muted">
                Line {formatCount(place.line)}, column {formatCount(place.before + 1)}
              </figcaption>
              <pre className="overflow-x-auto font-mono text-xs leading-4" tabIndex={0}>
                {place.text}
                {"\n"}
                <span aria-hidden className="text-critical">
                  {" ".repeat(place.before)}^
                </span>
              </pre>
            </figure>
          )}
          {hint !== "" && <p className="mt-2 text-xs text-ink-muted">{hint}</p>}
        </div>
      </div>
    </Card>
  );
}
