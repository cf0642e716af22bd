"use client";

import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { actionTitle } from "@/features/actions/action-words";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
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
}

/** Puts an option of a preview into the queue, in the operator's name. Repeating it after a lost answer is safe. */
export function usePropose(incidentId: string) {
  const client = createClient(ActionService, useTransport());
  const operator = useOperator();
  const cloud = useCloudStore();
  return useMutation({
    mutationFn: async ({ option: { action }, reason, tick }: Wish) => {
      if (!action) return undefined;
      const name = await operator.identify();
      if (name === undefined) return undefined;
      const { type, targetId, replicas } = action;
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
