"use client";

import { Pencil, Scale } from "lucide-react";
import { parseAsBoolean, useQueryState } from "nuqs";
import { formatWallTime, plural } from "@/format/format";
import { AutomationCard } from "@/features/automation/automation-card";
import type { ApprovalPolicies } from "@/gen/ops/v1/policy_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { PolicyEditor } from "./policy-editor";
import { expiryWords, matchWords, MODES } from "./policy-words";
import { usePolicies } from "./use-policies";

const COLUMNS = [
  { key: "place", label: "#", numeric: true },
  { key: "name", label: "Policy" },
  { key: "mode", label: "Whose yes" },
  { key: "match", label: "For" },
  { key: "expiry", label: "Decide within" },
] as const;

/** Whose yes a proposal takes, and the switch that stops everything. */
export function PoliciesPage() {
  const [editing, setEditing] = useQueryState("edit", parseAsBoolean.withDefault(false));
  const { data, isPending, isError, error, refetch } = usePolicies();
  const policies = data?.policies;
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending}>
      <h1 className="sr-only">Policies</h1>
      <AutomationCard />
      {isPending && <SkeletonRows rows={4} label="Loading policies" />}
      {isError && !data && <ErrorState error={error} what="The policies could not be loaded." onRetry={() => void refetch()} />}
      {policies && (editing ? <PolicyEditor latest={policies} onClose={() => void setEditing(null)} /> : <PolicyList policies={policies} onEdit={() => void setEditing(true)} />)}
    </div>
  );
}

function PolicyList({ policies: { policies, version, changedBy, changedAt, reason }, onEdit }: { policies: ApprovalPolicies; onEdit: () => void }) {
  const changed = version === 0n ? "never changed" : `version ${version}, changed by ${changedBy} at ${formatWallTime(changedAt)}${reason === "" ? "" : `: ${reason}`}`;
  return (
    <Card
      flush
      title="Approval policies"
      hint={`${plural(policies.length, "policy", "policies")}; ${changed}`}
      actions={
        <Button size="sm" onClick={onEdit}>
          <Pencil aria-hidden className="size-3.5" />
          Edit
        </Button>
      }
    >
      {policies.length === 0 ? (
        <EmptyState icon={Scale} title="There are no policies">
          One person decides on every proposal.
        </EmptyState>
      ) : (
        <>
          <Table label="Approval policies" columns={COLUMNS}>
            {policies.map((policy, i) => (
              <tr key={policy.name} data-testid={`policy-${policy.name}`}>
                <Cell numeric>{i + 1}</Cell>
                <HeadCell>{policy.name}</HeadCell>
                <Cell>
                  <Badge tone={MODES[policy.mode].tone}>{MODES[policy.mode].word}</Badge>
                </Cell>
                <Cell className="min-w-64 py-2 text-xs !whitespace-normal">{matchWords(policy.match)}</Cell>
                <Cell className="text-xs">{expiryWords(policy)}</Cell>
              </tr>
            ))}
          </Table>
          <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">The first that matches wins. What none matches, one person decides.</p>
        </>
      )}
    </Card>
  );
}
