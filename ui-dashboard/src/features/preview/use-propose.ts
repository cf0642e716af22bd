"use client";

import { type Client, createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { actionTitle } from "@/features/actions/action-words";
import { type CloudStore } from "@/features/cloud/cloud-store";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import type { PreviewOption } from "@/gen/ops/v1/preview_pb";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { errorSentence } from "@/rpc/transport";
import { optionTitle } from "./preview-words";

interface Wish {
  readonly option: PreviewOption;
  readonly reason: string;
  /** Of the preview that it was chosen from. */
  readonly tick: bigint;
  /** What waits for the same target, where there is room for one only: it is rejected first. */
  readonly replaces: Action | undefined;
}

/** Puts an option of a preview into the queue, in the operator's name. Repeating it after a lost answer is safe. */
export function usePropose(incidentId: string) {
  const client = createClient(ActionService, useTransport());
  const operator = useOperator();
  const cloud = useCloudStore();
  return useMutation({
    mutationFn: async ({ option, reason, tick, replaces }: Wish) => {
      if (!option.action) return undefined;
      const name = await operator.identify();
      if (name === undefined) return undefined;
      if (replaces) await reject(client, cloud, { action: replaces, operator: name, reason: `Instead: ${optionTitle(option)}. ${reason}` });
      const { type, targetId, replicas } = option.action;
      const request = { incidentId, type, targetId, replicas, reason, operator: name };
      const answer = await client.proposeAction({ ...request, idempotencyKey: idempotencyKey({ ...request, tick }) });
      return answer.action;
    },
    onSuccess: (action) => {
      if (!action) return;
      cloud.noteAction(action);
      const waits = action.status === ActionStatus.PROPOSED;
      toast.success(`Proposed: ${actionTitle(action)}`, { description: waits ? "It waits for a decision, like any other proposal." : undefined });
    },
    onError: (cause, { option }) => toast.error(`Not proposed: ${optionTitle(option)}`, { description: errorSentence(cause) }),
  });
}

/** What the API accepts. */
const MAX_REJECTION_CHARS = 1_000;

async function reject(client: Client<typeof ActionService>, cloud: CloudStore, { action, operator, reason }: { action: Action; operator: string; reason: string }): Promise<void> {
  const request = { actionId: action.id, operator, reason: reason.slice(0, MAX_REJECTION_CHARS), expectedVersion: action.version };
  const answer = await client.rejectAction({ ...request, idempotencyKey: idempotencyKey(request) });
  cloud.noteAction(answer.action);
  toast.info(`Rejected: ${actionTitle(action)}`);
}
