"use client";

import { BellOff } from "lucide-react";
import { parseAsBoolean, useQueryState } from "nuqs";
import { formatSimulatedDateTime, plural } from "@/format/format";
import { type Silence, SilenceState } from "@/gen/ops/v1/silence_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { silencedIncidents, silenceKindWord, silenceStateLook } from "./silence-words";
import { useSilences, useSilencing } from "./use-silences";

const COLUMNS = [
  { key: "incidents", label: "Incidents" },
  { key: "kind", label: "Kind" },
  { key: "state", label: "State" },
  { key: "from", label: "From" },
  { key: "until", label: "Until" },
  { key: "by", label: "By" },
  { key: "why", label: "Why" },
  { key: "do", label: "End", numeric: true },
] as const;

/** Who is not to be called about what, until when, and why. */
export function SilencesPage() {
  const [over, setOver] = useQueryState("over", parseAsBoolean.withDefault(false));
  const { data, isPending, isError, error, refetch } = useSilences(over);
  const silences = data?.silences ?? [];
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending}>
      <h1 className="sr-only">Silences</h1>
      <Card
        flush
        title="Silences and maintenance"
        hint={data && plural(silences.length, "silence")}
        actions={
          <Button size="sm" aria-pressed={over} onClick={() => void setOver(!over)}>
            {over ? "Hide what is over" : "Show what is over"}
          </Button>
        }
      >
        {isPending && <SkeletonRows rows={3} label="Loading silences" />}
        {isError && <ErrorState error={error} what="The silences could not be loaded." onRetry={() => void refetch()} />}
        {data && silences.length === 0 && (
          <EmptyState icon={BellOff} title="Nothing is silenced">
            Silence an incident from its page, or plan maintenance with <code className="text-ink">microcloud silences add</code>.
          </EmptyState>
        )}
        {silences.length > 0 && (
          <Table label="Silences" columns={COLUMNS}>
            {silences.map((silence) => (
              <Line key={silence.id} silence={silence} />
            ))}
          </Table>
        )}
      </Card>
    </div>
  );
}

function Line({ silence }: { silence: Silence }) {
  const { end, remove } = useSilencing();
  const look = silenceStateLook(silence.state);
  const over = silence.state === SilenceState.OVER;
  return (
    <tr data-testid={`silence-${silence.id}`} className={cx(over && "text-ink-muted")}>
      <HeadCell className="max-w-64 truncate">{silencedIncidents(silence)}</HeadCell>
      <Cell>{silenceKindWord(silence.kind)}</Cell>
      <Cell>
        <Badge tone={look.tone}>{look.word}</Badge>
      </Cell>
      <Cell className="text-xs text-ink-muted">{formatSimulatedDateTime(silence.startsAt)}</Cell>
      <Cell className="text-xs text-ink-muted">{formatSimulatedDateTime(silence.endsAt)}</Cell>
      <Cell>{silence.createdBy}</Cell>
      <Cell className="max-w-md min-w-56 py-2 text-xs !whitespace-normal text-ink-muted">{silence.comment}</Cell>
      <Cell numeric>
        {silence.state === SilenceState.ACTIVE && (
          <Button size="sm" busy={end.isPending} onClick={() => end.mutate(silence)}>
            End now
          </Button>
        )}
        {silence.state === SilenceState.PENDING && (
          <Button size="sm" busy={remove.isPending} onClick={() => remove.mutate(silence)}>
            Delete
          </Button>
        )}
      </Cell>
    </tr>
  );
}
