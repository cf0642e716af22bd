"use client";

import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useOperator } from "@/features/operator/operator-provider";
import type { ApprovalPolicy } from "@/gen/ops/v1/policy_pb";
import { PolicyService } from "@/gen/ops/v1/policy_service_pb";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { errorSentence, isConflict } from "@/rpc/transport";

/** Others change them, too, and no message tells. */
const LOOK_AGAIN_MS = 5_000;

export function usePolicies() {
  return useQuery(PolicyService.method.getPolicies, {}, { refetchInterval: LOOK_AGAIN_MS });
}

interface NewPolicies {
  readonly policies: readonly ApprovalPolicy[];
  readonly version: bigint;
  readonly reason: string;
}

/** Replaces the policies that were looked at, in the operator's name. */
export function useSetPolicies() {
  const client = createClient(PolicyService, useTransport());
  const operator = useOperator();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: PolicyService.method.getPolicies, cardinality: undefined }) });
  return useMutation({
    mutationFn: async ({ policies, version, reason }: NewPolicies) => {
      const name = await operator.identify();
      if (name === undefined) return undefined;
      const request = { policies: [...policies], expectedVersion: version, operator: name, reason };
      return client.setPolicies({ ...request, idempotencyKey: idempotencyKey(request) });
    },
    onSuccess: (answer) => {
      if (answer) toast.success("The policies are in force", { description: "Within a second, for waiting proposals too." });
      return changed();
    },
    onError: (cause) => {
      // A conflict is shown in the editor, where what was typed still stands.
      if (!isConflict(cause)) toast.error("The policies were not changed.", { description: errorSentence(cause) });
      void changed();
    },
  });
}
