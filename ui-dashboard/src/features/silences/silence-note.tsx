"use client";

import { BellOff } from "lucide-react";
import Link from "next/link";
import { formatSimulatedDateTime } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { SilenceState } from "@/gen/ops/v1/silence_pb";
import { Button } from "@/ui/button";
import { silenceTag } from "./silence-words";
import { useSilence, useSilencing } from "./use-silences";

/** Of a silenced incident: who silences it, until when, and why. */
export function SilenceNote({ incident: { silencedBy, silenceKind } }: { incident: Pick<Incident, "silencedBy" | "silenceKind"> }) {
  if (silencedBy === "") return null;
  return <Note id={silencedBy} tag={silenceTag(silenceKind)} />;
}

function Note({ id, tag }: { id: string; tag: string }) {
  const { data } = useSilence(id);
  const { end } = useSilencing();
  const silence = data?.silence;
  return (
    <section aria-label="Silence" data-testid="silence-note" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border border-line bg-raised px-3 py-2 text-[13px]">
      <BellOff aria-hidden className="size-4 text-ink-muted" />
      <p className="min-w-0 flex-1 basis-56 break-words">
        <Link href="/silences/" className="font-medium hover:underline">
          {tag}
        </Link>
        {silence && ` by ${silence.createdBy} until ${formatSimulatedDateTime(silence.endsAt)}: ${silence.comment}`}
      </p>
      {silence?.state === SilenceState.ACTIVE && (
        <Button size="sm" busy={end.isPending} onClick={() => end.mutate(silence)}>
          End now
        </Button>
      )}
    </section>
  );
}
