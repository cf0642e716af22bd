"use client";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useOperator } from "@/features/operator/operator-provider";
import type { Silence } from "@/gen/ops/v1/silence_pb";
import { type SilenceDefinitionSchema, SilenceService } from "@/gen/ops/v1/silence_service_pb";
import { errorSentence } from "@/rpc/transport";

/** Silences begin and end by simulated time, which no message tells. */
const LOOK_AGAIN_MS = 5_000;

/** The silences of the chosen simulation, those that are over only when asked for. */
export function useSilences(includeOver: boolean) {
  return useQuery(SilenceService.method.list, { includeOver }, { refetchInterval: LOOK_AGAIN_MS });
}

/** One silence, deleted or not. */
export function useSilence(silenceId: string) {
  return useQuery(SilenceService.method.get, { silenceId }, { refetchInterval: LOOK_AGAIN_MS });
}

/** Creates, ends and deletes silences in the operator's name, and says what happened. */
export function useSilencing() {
  const client = createClient(SilenceService, useTransport());
  const operator = useOperator();
  const queries = useQueryClient();
  const told = (title: string) => ({
    onSuccess: (answer: { silence?: Silence; warnings?: readonly string[] } | undefined) => {
      if (!answer) return;
      toast.success(title, { description: answer.warnings?.join(" ") });
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: SilenceService, cardinality: undefined }) });
    },
    onError: (cause: unknown) => toast.error("The silence was not changed.", { description: errorSentence(cause) }),
  });
  const create = useMutation({
    mutationFn: async ({ silence, simulationId }: { silence: MessageInitShape<typeof SilenceDefinitionSchema>; simulationId: string }) => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.create({ silence, simulationId, operator: name });
    },
    ...told("Silenced"),
  });
  const end = useMutation({
    mutationFn: async ({ id, version }: Silence) => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.end({ silenceId: id, expectedVersion: version, operator: name });
    },
    ...told("The silence is over"),
  });
  const remove = useMutation({
    mutationFn: async ({ id, version }: Silence) => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.delete({ silenceId: id, expectedVersion: version, operator: name });
    },
    ...told("The silence was deleted"),
  });
  return { create, end, remove };
}
