"use client";

import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { errorSentence } from "@/rpc/transport";
import type { SimulationState } from "@/gen/sim/v1/state_pb";
import { useCloudStore } from "@/features/cloud/use-cloud";

interface Control<I extends DescMessage> {
  readonly run: (request: MessageInitShape<I>) => void;
  readonly busy: boolean;
}

/** One of the simulation's controls: shows the state it answers with at once, says what happened, and why it did not. */
export function useControl<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  failure: string,
  done?: (answer: MessageShape<O>) => string | undefined,
): Control<I> {
  const transport = useTransport();
  const cloud = useCloudStore();
  const { mutate, isPending } = useMutation<MessageShape<O>, ConnectError, MessageInitShape<I>>({
    mutationFn: (request) => callUnaryMethod(transport, method, request),
    onSuccess: (answer) => {
      if (hasState(answer)) cloud.noteSimulation(answer.state);
      const words = done?.(answer);
      if (words !== undefined) toast.success(words);
    },
    onError: (cause) => toast.error(failure, { description: errorSentence(cause) }),
  });
  return { run: mutate, busy: isPending };
}

function hasState(answer: object): answer is { state?: SimulationState } {
  return "state" in answer;
}
