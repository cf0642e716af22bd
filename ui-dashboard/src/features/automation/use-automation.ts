"use client";

import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useOperator } from "@/features/operator/operator-provider";
import { AutomationMode } from "@/gen/ops/v1/automation_pb";
import { PolicyService } from "@/gen/ops/v1/policy_service_pb";
import { errorSentence } from "@/rpc/transport";

/** The switch is on every page, and changes seldom; who presses it sees it change at once. */
const LOOK_AGAIN_MS = 2_000;

/** Whether automation is at work. */
export function useAutomation() {
  return useQuery(PolicyService.method.getAutomation, {}, { refetchInterval: LOOK_AGAIN_MS });
}

/** Whether it is known that nothing can be approved at the moment. */
export function useIsPaused(): boolean {
  return useAutomation().data?.mode === AutomationMode.PAUSED;
}

/** Pauses automation and lets it go on, in the operator's name. */
export function useSwitch() {
  const client = createClient(PolicyService, useTransport());
  const operator = useOperator();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: PolicyService, cardinality: undefined }) });
  const failed = (cause: unknown) => toast.error("Automation was not changed.", { description: errorSentence(cause) });

  const pause = useMutation({
    mutationFn: async (reason: string) => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.pauseAutomation({ reason, operator: name });
    },
    onSuccess: (answer) => {
      if (answer) toast.success("Automation is paused", { description: "Nothing that has not begun takes effect any more." });
      return changed();
    },
    onError: failed,
  });
  const resume = useMutation({
    mutationFn: async ({ reason, version }: { reason: string; version: bigint }) => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.resumeAutomation({ reason, operator: name, expectedVersion: version });
    },
    onSuccess: (answer) => {
      if (answer) toast.success("Automation runs");
      return changed();
    },
    onError: failed,
  });
  return { pause: pause.mutate, resume: resume.mutate, busy: pause.isPending || resume.isPending };
}
