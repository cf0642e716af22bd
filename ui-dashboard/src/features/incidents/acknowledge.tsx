"use client";

import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { Hand } from "lucide-react";
import { toast } from "sonner";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { IncidentService } from "@/gen/ops/v1/incident_service_pb";
import { errorSentence } from "@/rpc/transport";
import { Button } from "@/ui/button";

/** Says that somebody is on it. The first one wins. */
export function Acknowledge({ incident: { id, acknowledgedBy, resolved } }: { incident: Incident }) {
  const client = createClient(IncidentService, useTransport());
  const cloud = useCloudStore();
  const operator = useOperator();
  const { mutate, isPending } = useMutation({
    mutationFn: async () => {
      const name = await operator.identify();
      return name === undefined ? undefined : client.acknowledge({ incidentId: id, operator: name });
    },
    onSuccess: (answer) => cloud.noteIncident(answer?.incident),
    onError: (cause) => toast.error("Not acknowledged", { description: errorSentence(cause) }),
  });
  if (resolved || acknowledgedBy !== "") return null;
  return (
    <Button busy={isPending} onClick={() => mutate()}>
      <Hand aria-hidden className="size-4" />
      Acknowledge
    </Button>
  );
}
