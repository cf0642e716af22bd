"use client";

import { Waves } from "lucide-react";
import { formatAgo, formatBytes, formatCount, instantMs, plural } from "@/format/format";
import { useServerNow } from "@/features/clock/use-server-now";
import type { BusConsumer, BusStream } from "@/gen/ops/v1/system_service_pb";
import { Badge, Dot } from "@/ui/badge";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { useBus } from "./use-system";

const STREAMS = [
  { key: "stream", label: "Stream" },
  { key: "messages", label: "Messages", numeric: true },
  { key: "size", label: "Size", numeric: true },
  { key: "oldest", label: "Oldest", numeric: true },
  { key: "full", label: "When full" },
] as const;

const READERS = [
  { key: "reader", label: "Reader" },
  { key: "of", label: "Reads" },
  { key: "state", label: "State" },
  { key: "waiting", label: "Waiting", numeric: true },
  { key: "flight", label: "Given, not done", numeric: true },
  { key: "again", label: "Given again", numeric: true },
  { key: "last", label: "Last done", numeric: true },
] as const;

type At = BusStream["oldest"];

/** What the bus holds, and how far those are who read it. */
export function BusCard() {
  const { data, isPending, isError, error, refetch } = useBus();
  const nowMs = useServerNow();
  const ago = (at: At) => {
    const since = instantMs(at);
    return since === undefined ? undefined : formatAgo(nowMs - since);
  };
  const streams = data?.streams ?? [];
  const readers = streams.flatMap(({ name, consumers }) => consumers.map((reader) => ({ of: name, reader })));
  const waiting = readers.reduce((sum, { reader }) => sum + reader.waiting, 0n);
  return (
    <Card flush title="Streams" hint={data && (isError ? "the last known: the bus does not answer" : `${plural(Number(waiting), "message")} waiting to be read`)} aria-busy={isPending} className="xl:col-span-2">
      {isPending && <SkeletonRows rows={5} label="Asking for the streams" />}
      {isError && !data && <ErrorState error={error} what="It is not known what the streams hold." onRetry={() => void refetch()} />}
      {data && streams.length === 0 && <EmptyState icon={Waves} title="The bus has no streams" />}
      {streams.length > 0 && (
        <Table label="Streams" columns={STREAMS}>
          {streams.map((stream) => (
            <StreamLine key={stream.name} stream={stream} oldest={ago(stream.oldest)} />
          ))}
        </Table>
      )}
      {readers.length > 0 && (
        <div className="border-t border-line">
          <Table label="Readers of the streams" columns={READERS}>
            {readers.map(({ of, reader }) => (
              <ReaderLine key={`${of}/${reader.name}`} of={of} reader={reader} last={ago(reader.lastAcknowledged)} />
            ))}
          </Table>
        </div>
      )}
    </Card>
  );
}

function StreamLine({ stream: { name, description, present, messages, bytes, maxBytes, refusesWhenFull }, oldest }: { stream: BusStream; oldest: string | undefined }) {
  return (
    <tr data-testid={`stream-${name}`}>
      <HeadCell>
        {name}
        <span className="ml-2 text-xs font-normal text-ink-muted max-lg:hidden">{description}</span>
      </HeadCell>
      {present ? (
        <>
          <Cell numeric>{formatCount(messages)}</Cell>
          <Cell numeric>
            {formatBytes(Number(bytes))} <span className="text-ink-muted">of {formatBytes(Number(maxBytes))}</span>
          </Cell>
          <Cell numeric>{oldest ?? "empty"}</Cell>
          <Cell className="text-xs text-ink-muted">{refusesWhenFull ? "refuses new ones" : "lets the oldest go"}</Cell>
        </>
      ) : (
        <td colSpan={4} className="h-9 px-2.5">
          <Badge tone="warning" icon={<Dot tone="warning" />}>
            missing: the next service that needs it makes it again
          </Badge>
        </td>
      )}
    </tr>
  );
}

function ReaderLine({ of, reader: { name, waiting, inFlight, redelivered, reading }, last }: { of: string; reader: BusConsumer; last: string | undefined }) {
  const tone = reading ? "ok" : waiting > 0n ? "warning" : "neutral";
  return (
    <tr data-testid={`reader-${name}`}>
      <HeadCell>{name}</HeadCell>
      <Cell className="text-xs text-ink-muted">{of}</Cell>
      <Cell>
        <Badge tone={tone} icon={<Dot tone={tone} />}>
          {reading ? "reading" : "nobody reads"}
        </Badge>
      </Cell>
      <Cell numeric>{formatCount(waiting)}</Cell>
      <Cell numeric>{formatCount(inFlight)}</Cell>
      <Cell numeric className={redelivered > 0n ? "font-medium text-warning" : undefined}>
        {formatCount(redelivered)}
      </Cell>
      <Cell numeric>{last ?? "not yet"}</Cell>
    </tr>
  );
}
