"use client";

import { ListChecks } from "lucide-react";
import Link from "next/link";
import { formatSimulatedTime, formatWallTime } from "@/format/format";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { actionTitle, editSentence, effectLook, outcomeSentence, statusLook } from "./action-words";
import { useActionHistory } from "./use-action-history";

const COLUMNS = [
  { key: "action", label: "Action" },
  { key: "status", label: "Status" },
  { key: "effect", label: "Effect" },
  { key: "outcome", label: "Outcome" },
  { key: "decided", label: "Decided by" },
  { key: "when", label: "Decided at" },
  { key: "proposed", label: "Proposed" },
] as const;

export function ActionHistory({ highlighted }: { highlighted?: string }) {
  const { actions, isPending, isError, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useActionHistory();
  const settled = actions.filter(({ status }) => status !== ActionStatus.PROPOSED);
  return (
    <Card flush title="History" hint="newest first" actions={hasNextPage && <Button size="sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>Load older</Button>}>
      {isPending && settled.length === 0 && <SkeletonRows rows={4} label="Loading history" />}
      {isError && settled.length === 0 && <ErrorState error={error} what="The history could not be loaded." onRetry={() => void refetch()} />}
      {!isPending && !isError && settled.length === 0 && (
        <EmptyState icon={ListChecks} title="No decisions yet">
          Approved, rejected and expired proposals are listed here with what came of them.
        </EmptyState>
      )}
      {settled.length > 0 && (
        <Table label="History of actions" columns={COLUMNS}>
          {settled.map((action) => (
            <Line key={action.id} action={action} highlighted={action.id === highlighted} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function Line({ action, highlighted }: { action: Action; highlighted: boolean }) {
  const status = statusLook(action.status);
  const effect = effectLook(action);
  return (
    <tr data-testid={`history-${action.id}`} className={cx(highlighted && "bg-raised")}>
      <HeadCell className="max-w-56 truncate sm:max-w-96">
        <Link href={`/incidents/?id=${action.incidentId}`} className="rounded hover:underline" title={action.reason}>
          {actionTitle(action)}
        </Link>
        {editSentence(action) !== "" && <span className="block text-xs font-normal text-ink-muted">{editSentence(action)}</span>}
      </HeadCell>
      <Cell>
        <Badge tone={status.tone}>{status.word}</Badge>
      </Cell>
      <Cell>{effect ? <Badge tone={effect.tone}>{effect.word}</Badge> : <span className="text-ink-muted">none</span>}</Cell>
      <Cell className="max-w-md min-w-56 py-2 text-xs !whitespace-normal text-ink-muted">{outcomeSentence(action) || "under way"}</Cell>
      <Cell>{action.approvals.map(({ operator }) => operator).join(", ") || action.decidedBy || <span className="text-ink-muted">nobody</span>}</Cell>
      <Cell className="text-xs text-ink-muted">{action.decidedAt ? formatWallTime(action.decidedAt) : "–"}</Cell>
      <Cell className="text-xs text-ink-muted">{formatSimulatedTime(action.proposedAt)} sim</Cell>
    </tr>
  );
}
