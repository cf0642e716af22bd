"use client";

import { type Client, createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import { type Action, ActionSchema, ActionStatus } from "@/gen/ops/v1/action_pb";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import { clone } from "@bufbuild/protobuf";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { errorSentence, isConflict } from "@/rpc/transport";
import { actionTitle } from "./action-words";
import { useConflicts } from "./conflicts";

export type Verdict = { readonly kind: "approve"; readonly replicas?: number } | { readonly kind: "reject"; readonly reason: string };

/** Approves or rejects exactly the version that is on the screen. Repeating it after a lost answer is safe. */
export function useDecision(action: Action) {
  const client = createClient(ActionService, useTransport());
  const cloud = useCloudStore();
  const operator = useOperator();
  const addConflict = useConflicts(({ add }) => add);

  const { mutate, isPending, variables } = useMutation({
    mutationFn: async (verdict: Verdict) => {
      const name = await operator.identify();
      return name === undefined ? undefined : decide(client, action, verdict, name);
    },
    onSuccess: (decided, verdict) => {
      if (!decided) return;
      cloud.noteAction(decided);
      const title = actionTitle(decided);
      if (decided.status === ActionStatus.PROPOSED) {
        toast.success(`Your approval counts: ${title}`, { description: "Somebody else has to approve it, too." });
        return;
      }
      toast.success(verdict.kind === "approve" ? `Approved: ${title}` : `Rejected: ${title}`, {
        description: verdict.kind === "approve" ? "The command is on its way to the simulation." : undefined,
      });
    },
    onError: async (cause, { kind }) => {
      if (!isConflict(cause)) {
        toast.error(`Not decided: ${actionTitle(action)}`, { description: errorSentence(cause) });
        return;
      }
      const current = await readAgain(client, action);
      cloud.noteAction(current);
      if (current.status === ActionStatus.PROPOSED && current.version === action.version) {
        // It waits as before: the decision itself was refused, for example while automation is paused.
        toast.error(`Not decided: ${actionTitle(action)}`, { description: errorSentence(cause) });
        return;
      }
      addConflict({ action: current, tried: kind });
    },
  });
  return { decide: mutate, busy: isPending ? variables.kind : undefined };
}

async function decide(client: Client<typeof ActionService>, action: Action, verdict: Verdict, operator: string): Promise<Action | undefined> {
  const request = { actionId: action.id, operator, expectedVersion: action.version };
  const key = idempotencyKey({ ...request, ...verdict });
  const answer =
    verdict.kind === "approve"
      ? await client.approveAction({ ...request, replicas: verdict.replicas ?? 0, idempotencyKey: key })
      : await client.rejectAction({ ...request, reason: verdict.reason, idempotencyKey: key });
  return answer.action;
}

async function readAgain(client: Client<typeof ActionService>, shown: Action): Promise<Action> {
  try {
    return (await client.getAction({ actionId: shown.id })).action ?? shown;
  } catch {
    return clone(ActionSchema, shown);
  }
}
