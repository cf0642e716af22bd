"use client";

import dynamic from "next/dynamic";
import { FileWarning, Waypoints } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useCallback, useState } from "react";
import { Button } from "@/ui/button";
import { EmptyState, Skeleton } from "@/ui/states";
import { CallInspector } from "./call-inspector";
import { topologyFile } from "./draft";
import { EDITOR_PARAMS } from "./editor-params";
import { addService, nameFor } from "./edits";
import { FilesView } from "./files-view";
import { NodesView } from "./nodes-view";
import { Outline } from "./outline";
import { Palette } from "./palette";
import type { Problem } from "./problems";
import { ScenarioView } from "./scenario-view";
import { ServiceInspector } from "./service-inspector";
import { useEdit, useOpenDraft } from "./use-draft";

const EditorCanvas = dynamic(() => import("./editor-canvas"), { ssr: false, loading: () => <Skeleton className="size-full" /> });

/** The draft, as the URL wants to see it. */
export function Workbench() {
  const [{ view, file }, set] = useQueryStates(EDITOR_PARAMS);
  const { draft } = useOpenDraft();
  const topology = topologyFile(draft);
  const unreadable = topology === undefined || topology.mistakes.length > 0;
  if (view === "files") return <FilesView file={file} onFile={(path) => void set({ file: path })} />;
  if (unreadable) {
    return (
      <EmptyState icon={FileWarning} title={topology ? "The topology cannot be read" : "The topology is not there"}>
        {topology ? `${topology.path}, line ${topology.mistakes[0]?.line ?? 1}: ${topology.mistakes[0]?.message ?? ""}. ` : "The scenario names no topology that is among the files. "}
        <Button size="sm" onClick={() => void set({ view: "files", file: topology?.path ?? null })}>
          Mend it in the file
        </Button>
      </EmptyState>
    );
  }
  if (view === "nodes") return <NodesView />;
  if (view === "scenario") return <ScenarioView />;
  return <ServicesView />;
}

function ServicesView() {
  const [{ service: serviceId, call: callName }, set] = useQueryStates(EDITOR_PARAMS);
  const { draft, cloud } = useOpenDraft();
  const edit = useEdit();
  const [aspect, setAspect] = useState(1);
  const canvas = useCallback((element: HTMLDivElement | null) => {
    if (element && element.clientHeight > 0) setAspect(element.clientWidth / element.clientHeight);
  }, []);
  const chooseService = useCallback((id: string | null) => void set({ service: id, call: null }), [set]);
  const chooseCall = useCallback((from: string, to: string) => void set({ service: null, call: `${from}>${to}` }), [set]);
  const service = cloud.services.find(({ id }) => id === serviceId);
  const call = cloud.calls.find(({ from, to }) => `${from}>${to}` === callName);
  const goTo = ({ part, file }: Problem) => {
    if (part.kind === "service") chooseService(part.id);
    else if (part.kind === "call") chooseCall(part.from, part.to);
    else if (part.kind === "node" || part.kind === "zone") void set({ view: "nodes" });
    else if (part.kind === "file") void set({ view: "files", file });
    else void set({ view: "scenario" });
  };
  return (
    <div className="flex max-xl:flex-col xl:h-[calc(100dvh-14rem)]">
      <Palette
        onAdd={(engine) => {
          const id = nameFor(draft, engine);
          edit(addService(id, engine));
          chooseService(id);
        }}
      />
      <div className="flex min-h-0 min-w-0 flex-1 max-lg:flex-col lg:max-xl:h-[70dvh]">
        <div ref={canvas} data-testid="editor-canvas" className="relative min-w-0 max-lg:h-[55dvh] lg:flex-1">
          {cloud.services.length === 0 && (
            <EmptyState icon={Waypoints} title="Nothing is drawn yet">
              Drag something from the palette, or press it.
            </EmptyState>
          )}
          {cloud.services.length > 0 && <EditorCanvas aspect={aspect} service={service?.id ?? null} call={call ? callName : null} onService={chooseService} onCall={chooseCall} />}
        </div>
        <div className="flex min-w-0 flex-col border-line max-lg:border-t lg:w-88 lg:border-l">
          {service ? (
            <ServiceInspector key={service.id} service={service} onService={chooseService} onCall={chooseCall} />
          ) : call ? (
            <CallInspector key={callName} call={call} onService={chooseService} />
          ) : (
            <Outline onService={chooseService} onProblem={goTo} />
          )}
        </div>
      </div>
    </div>
  );
}
