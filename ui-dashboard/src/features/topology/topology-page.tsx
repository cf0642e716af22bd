"use client";

import dynamic from "next/dynamic";
import { useQueryStates } from "nuqs";
import { PencilRuler, Waypoints } from "lucide-react";
import Link from "next/link";
import { useCallback, useMemo, useState } from "react";
import { plural } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { EmptyState, Skeleton } from "@/ui/states";
import { Tabs } from "@/ui/tabs";
import { FocusBar } from "./focus-bar";
import { graphOf, shapeOf } from "./graph";
import { ChoiceProvider } from "./map-choice";
import { ServiceList } from "./service-list";
import { ServicePanel } from "./service-panel";
import { TOPOLOGY_PARAMS, type View, VIEWS } from "./topology-params";
import { useFocus } from "./use-focus";
import { useMapFaults } from "./use-map-faults";
import { VitalsProvider } from "./use-vitals";
import { ZoneView } from "./zone-view";

const ServiceMap = dynamic(() => import("./service-map"), { ssr: false, loading: () => <Skeleton className="size-full" /> });

const VIEW_WORDS: Readonly<Record<View, string>> = { services: "Services", nodes: "Nodes and zones" };

/** The cloud as a picture: who calls whom and how that goes, or what runs where; and beside it, in words, the same. */
export function TopologyPage() {
  const [{ view, service, incident, action, find }, set] = useQueryStates(TOPOLOGY_PARAMS);
  const loading = useCloud((state) => state.snapshots === 0);
  const topology = useCloud((state) => state.topology);
  const shape = useMemo(() => shapeOf(topology), [topology]);
  const graph = useMemo(() => graphOf(shape), [shape]);
  const focused = useFocus(incident, action);
  const faults = useMapFaults();
  const choose = useCallback((id: string | null) => void set({ service: id }, { history: "push" }), [set]);
  const [aspect, setAspect] = useState(1);
  const canvas = useCallback((element: HTMLDivElement | null) => {
    if (element && element.clientHeight > 0) setAspect(element.clientWidth / element.clientHeight);
  }, []);
  const hint = graph.services.length === 0 ? undefined : `${plural(graph.services.length, "service")}, ${plural(graph.calls.length, "kind of call", "kinds of calls")}; a call's rate is its part of what the callee gets`;
  return (
    <VitalsProvider>
      <ChoiceProvider service={service} focus={focused?.focus} faults={faults}>
        <h1 className="sr-only">Topology</h1>
        <Card flush title="Topology" hint={hint} aria-busy={loading} actions={
            <>
              <Tabs label="View" options={VIEWS} words={VIEW_WORDS} value={view} onChange={(next) => void set({ view: next })} />
              <Link href="/topology/edit/" className="flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-accent-ink hover:bg-raised">
                <PencilRuler aria-hidden className="size-3.5" />
                <span className="max-sm:sr-only">Cloud editor</span>
              </Link>
            </>
          }>
          {focused && <FocusBar focused={focused} onEnd={() => void set({ incident: null, action: null })} />}
          <div className={cx("flex max-lg:flex-col", focused ? "lg:h-[calc(100dvh-12.5rem)]" : "lg:h-[calc(100dvh-10rem)]")}>
            <div ref={canvas} className="relative min-w-0 max-lg:h-[55dvh] lg:flex-1">
              {loading && <Skeleton className="size-full" />}
              {!loading && graph.services.length === 0 && (
                <EmptyState icon={Waypoints} title="No services are known">
                  The simulation engine has not told its topology yet.
                </EmptyState>
              )}
              {graph.services.length > 0 && (view === "services" ? <ServiceMap graph={graph} aspect={aspect} chosen={service} onChoose={choose} /> : <ZoneView onChoose={choose} />)}
            </div>
            <div className="flex min-w-0 flex-col border-line max-lg:border-t lg:w-80 lg:border-l">
              {service === null ? <ServiceList find={find} onFind={(text) => void set({ find: text === "" ? null : text })} onChoose={choose} /> : <ServicePanel id={service} onChoose={choose} />}
            </div>
          </div>
        </Card>
      </ChoiceProvider>
    </VitalsProvider>
  );
}
