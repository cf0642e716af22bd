import { createClient } from "@connectrpc/connect";
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { instantMs } from "@/format/format";
import { useCloud, useCloudStore } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import type { IncidentNote } from "@/gen/ops/v1/incident_note_pb";
import { IncidentService } from "@/gen/ops/v1/incident_service_pb";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { errorSentence } from "@/rpc/transport";

/** Notes of an incident, oldest first: those that are stored, and what the stream has told since. */
export function useNotes(incidentId: string) {
  const live = useCloud((state) => state.notes);
  const query = useQuery(IncidentService.method.listNotes, { incidentId });
  return { ...query, notes: mergeNotes(query.data?.notes ?? [], [...live.values()].filter((note) => note.incidentId === incidentId)) };
}

function mergeNotes(listed: readonly IncidentNote[], live: readonly IncidentNote[]): IncidentNote[] {
  const byId = new Map([...listed, ...live].map((note) => [note.id, note]));
  return [...byId.values()].filter(({ removed }) => !removed).sort((a, b) => (instantMs(a.writtenAt) ?? 0) - (instantMs(b.writtenAt) ?? 0));
}

interface Draft {
  readonly text: string;
  /** Of a note that was removed and is written again: which one. */
  readonly insteadOf?: string;
}

/** Writes a note in the operator's name. Says whether it was written. */
export function useAddNote(incidentId: string) {
  const client = createClient(IncidentService, useTransport());
  const cloud = useCloudStore();
  const operator = useOperator();
  return useMutation({
    mutationFn: async (draft: Draft) => {
      const name = await operator.identify();
      if (name === undefined) return undefined;
      const note = { incidentId, text: draft.text, operator: name };
      return client.addNote({ ...note, idempotencyKey: idempotencyKey({ ...note, insteadOf: draft.insteadOf }) });
    },
    onSuccess: (answer) => cloud.noteNote(answer?.note),
    onError: (cause) => toast.error("The note was not kept", { description: errorSentence(cause) }),
  });
}

/** Removes one's own note, and offers to write it again. */
export function useRemoveNote(again: (draft: Draft) => void) {
  const client = createClient(IncidentService, useTransport());
  const cloud = useCloudStore();
  return useMutation({
    mutationFn: ({ id, author }: IncidentNote) => client.removeNote({ noteId: id, operator: author }),
    onSuccess: ({ note }, { id, text }) => {
      cloud.noteNote(note);
      toast.success("The note is removed", { action: { label: "Undo", onClick: () => again({ text, insteadOf: id }) } });
    },
    onError: (cause) => toast.error("The note was not removed", { description: errorSentence(cause) }),
  });
}
