"use client";

import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { callUnaryMethod, createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { patiently } from "@/rpc/patient";
import { errorSentence } from "@/rpc/transport";

const LIST = SimulationService.method.list;
/** They change by other hands, too. */
const REFRESH_MS = 3_000;
/** As many as the engine gives at once. */
const MOST = 1_000;

export function useSimulations() {
  return useQuery(LIST, { limit: MOST }, { refetchInterval: REFRESH_MS });
}

interface Act<I extends DescMessage, O extends DescMessage> {
  readonly run: (request: MessageInitShape<I>, done?: (answer: MessageShape<O>) => void) => void;
  readonly busy: boolean;
  readonly error: string | undefined;
}

/** Something that is done to a simulation: says what came of it, and asks for the list again. */
export function useAct<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, failure: string, words: (request: MessageInitShape<I>, answer: MessageShape<O>) => string): Act<I, O> {
  const transport = patiently(useTransport());
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (request: MessageInitShape<I>) => callUnaryMethod(transport, method, request),
    onSuccess: (answer, request) => {
      toast.success(words(request, answer));
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: LIST, cardinality: "finite" }) });
    },
    onError: (cause) => toast.error(failure, { description: errorSentence(cause) }),
  });
  return { run: (request, done) => mutate(request, { onSuccess: (answer) => done?.(answer) }), busy: isPending, error: error ? errorSentence(error) : undefined };
}
