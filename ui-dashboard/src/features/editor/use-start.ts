"use client";

import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { toast } from "sonner";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { measured, type Sample } from "@/features/cloud/sample";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { errorSentence } from "@/rpc/transport";
import type { Draft } from "./draft";
import { draftOfFiles, MAX_FILE_BYTES, NotACloud } from "./import/open-files";
import { draftOfBundle, draftOfRunning } from "./starts";
import { useDrafts } from "./use-draft";

interface Starts {
  readonly busy: boolean;
  readonly fromDraft: (draft: Draft, words: string) => void;
  readonly fromScenario: (name: string) => Promise<void>;
  readonly fromRunning: () => Promise<void>;
  readonly fromFiles: (files: readonly File[]) => Promise<void>;
}

/** The ways to a new draft. The one before can be had back by undo, and the page says so. */
export function useStarts(onOpened: () => void): Starts {
  const transport = useTransport();
  const drafts = useDrafts();
  const cloud = useCloudStore();
  const [busy, setBusy] = useState(false);

  const fromDraft = (draft: Draft, words: string) => {
    const before = drafts.store.getState().draft;
    drafts.open(draft);
    toast.success(`${words} is open`, before && { description: `${before.name} was open before.`, action: { label: "Undo", onClick: drafts.undo } });
    onOpened();
  };
  const attempt = async (failure: string, work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (cause) {
      toast.error(failure, { description: cause instanceof NotACloud ? cause.message : errorSentence(cause) });
    } finally {
      setBusy(false);
    }
  };
  const bundleOf = async (name: string) => {
    const { bundle } = await callUnaryMethod(transport, ControlService.method.getScenario, { name });
    return bundle;
  };

  return {
    busy,
    fromDraft,
    fromScenario: (name) =>
      attempt(`The scenario ${name} was not opened.`, async () => {
        const bundle = await bundleOf(name);
        if (bundle) fromDraft(draftOfBundle(bundle), `The scenario ${name}`);
      }),
    fromRunning: () =>
      attempt("The running cloud was not opened.", async () => {
        const { topology: known, simulation, sample } = cloud.getState();
        const { topology = known } = await callUnaryMethod(transport, ControlService.method.getTopology, {});
        if (!topology) throw new NotACloud("The engine tells no topology.");
        // A scenario of somebody's own has no files that the engine hands out.
        const bundle = simulation && (await bundleOf(simulation.scenario).catch(() => undefined));
        fromDraft(draftOfRunning(topology, bundle, simulation?.scenario ?? topology.name, ratesOf(sample)), "The running cloud");
      }),
    fromFiles: (files) =>
      attempt("The files were not opened.", async () => {
        const large = files.find(({ size }) => size > MAX_FILE_BYTES);
        if (large) throw new NotACloud(`${large.name} is larger than ${MAX_FILE_BYTES / 1_024} KiB.`);
        const read = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
        fromDraft(draftOfFiles(read), files.map(({ name }) => name).join(", "));
      }),
  };
}

function ratesOf(sample: Sample | undefined): ReadonlyMap<string, number> {
  return new Map((sample?.services.ids ?? []).flatMap((id) => {
    const rate = measured(sample?.services, id, "request_rate");
    return rate === undefined ? [] : [[id, rate] as const];
  }));
}
