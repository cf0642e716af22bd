"use client";

import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { formatSimulatedTime, plural } from "@/format/format";
import { actionTitle, effectLook, statusLook } from "@/features/actions/action-words";
import type { ApprovalPolicy } from "@/gen/ops/v1/policy_pb";
import { PolicyService, type PolicyTrial, type TestPoliciesResponse } from "@/gen/ops/v1/policy_service_pb";
import { patiently } from "@/rpc/patient";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ErrorState } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { MODES } from "./policy-words";
import { tallyWords, trialSentence } from "./trial-words";

const COLUMNS = [
  { key: "action", label: "Proposal" },
  { key: "mode", label: "Whose yes" },
  { key: "policy", label: "By" },
  { key: "came", label: "What came of it" },
  { key: "when", label: "Proposed" },
] as const;

const PAGE = 25;

/** Tries what stands in the editor on the proposals of the past. `policies` is nothing while it cannot be read. */
export function PolicyTrials({ policies }: { policies: readonly ApprovalPolicy[] | undefined }) {
  const client = createClient(PolicyService, patiently(useTransport()));
  const { mutate, data, error, isError, isPending } = useMutation({
    mutationFn: async (tried: readonly ApprovalPolicy[]) => ({ text: textOf(tried), answer: await client.testPolicies({ policies: [...tried] }) }),
  });
  const changed = data !== undefined && policies !== undefined && data.text !== textOf(policies);
  return (
    <section aria-label="Try them" className="rounded-md border border-line bg-raised/50 p-3" data-testid="policy-trials">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button size="sm" busy={isPending} disabled={policies === undefined} onClick={() => policies && mutate(policies)}>
          <FlaskConical aria-hidden className="size-3.5" />
          Try them
        </Button>
        <p className="text-xs text-ink-muted">{policies === undefined ? "As soon as all of them can be read, they can be tried." : "On the proposals of this simulation so far. Nothing is changed."}</p>
      </div>
      {isError && !isPending && <ErrorState error={error} what="They could not be tried." onRetry={() => policies && mutate(policies)} />}
      {data && !isError && <Outcome answer={data.answer} changed={changed} />}
    </section>
  );
}

function textOf(policies: readonly ApprovalPolicy[]): string {
  return JSON.stringify(policies);
}

function Outcome({ answer, changed }: { answer: TestPoliciesResponse; changed: boolean }) {
  const { trials, autoApproved, asked, twoPerson } = answer;
  const [shown, setShown] = useState(PAGE);
  return (
    <div className="mt-3 flex flex-col gap-2" role="status">
      {changed && <p className="text-xs text-warning">They have been changed since they were tried.</p>}
      <p className="text-[15px] font-medium">{trialSentence(answer)}</p>
      {trials.length > 0 && (
        <>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-xs">
            <dt className="text-ink-muted">By itself</dt>
            <dd>{tallyWords(autoApproved)}</dd>
            <dt className="text-ink-muted">One person asked</dt>
            <dd>{tallyWords(asked)}</dd>
            <dt className="text-ink-muted">Two people asked</dt>
            <dd>{tallyWords(twoPerson)}</dd>
          </dl>
          <details>
            <summary className="cursor-pointer rounded text-[13px] font-semibold hover:underline">{plural(trials.length, "proposal")}, newest first</summary>
            <div className="mt-2 rounded-md border border-line bg-surface">
              <Table label="Proposals and what they would have taken" columns={COLUMNS}>
                {trials.slice(0, shown).map((trial, i) => (
                  <Line key={i} trial={trial} />
                ))}
              </Table>
            </div>
            {trials.length > shown && (
              <Button size="sm" className="mt-2" onClick={() => setShown(shown + PAGE)}>
                Show more
              </Button>
            )}
          </details>
        </>
      )}
    </div>
  );
}

function Line({ trial: { action, mode, policy, policyReason } }: { trial: PolicyTrial }) {
  if (!action) return null;
  const status = statusLook(action.status);
  const effect = effectLook(action);
  return (
    <tr>
      <HeadCell className="max-w-56 truncate">{actionTitle(action)}</HeadCell>
      <Cell>
        <Badge tone={MODES[mode].tone}>{MODES[mode].word}</Badge>
      </Cell>
      <Cell className="max-w-72 truncate text-xs">
        <span title={policyReason}>{policy}</span>
      </Cell>
      <Cell>
        <span className="flex gap-1.5">
          <Badge tone={status.tone}>{status.word}</Badge>
          {effect && <Badge tone={effect.tone}>{effect.word}</Badge>}
        </span>
      </Cell>
      <Cell className="text-xs text-ink-muted">{formatSimulatedTime(action.proposedAt)} sim</Cell>
    </tr>
  );
}
