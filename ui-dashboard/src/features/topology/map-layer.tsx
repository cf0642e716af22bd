"use client";

import { useStoreApi } from "@xyflow/react";
import { DoorOpen, Zap } from "lucide-react";
import { memo, useEffect, useMemo, useRef } from "react";
import type { StoreApi } from "zustand/vanilla";
import { severityLook } from "@/features/incidents/severity";
import { useResolvedTheme } from "@/features/theme/theme";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { CallLabel } from "./call-edge";
import { callPath, callsToShow, isOf } from "./call-path";
import { callKey, type Graph } from "./graph";
import type { Layout } from "./layout";
import { useAllFaults, useHasFocus, useMarkedServices } from "./map-choice";
import { MapDrawing } from "./map-drawing";
import { faultKey, type MapFaults } from "./map-faults";
import { iconPath, type ServiceWords } from "./map-words";
import { pictureOf } from "./picture-of";
import { useCallLevels, useCallWidths, useServiceLevels, useVitalsStore } from "./use-vitals";
import type { Vitals } from "./vitals";

interface MapLayerProps {
  readonly graph: Graph;
  readonly layout: Layout;
  readonly chosen: string | null;
  /** Services that are drawn elsewhere. */
  readonly except: ReadonlySet<string>;
}

/** A large map in one drawing, which costs nothing while it moves: a thousand calls and hundreds of services that are elements do. */
export const MapLayer = memo(function MapLayer({ graph, layout, chosen, except }: MapLayerProps) {
  const { services, calls } = graph;
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<MapDrawing>(undefined);
  const map = useStoreApi();
  const theme = useResolvedTheme();
  const marks = useMarkedServices();
  const focused = useHasFocus();
  const serviceLevels = useServiceLevels(services);
  const callLevels = useCallLevels(calls);
  const shown = useMemo(() => callsToShow(calls, chosen, marks), [calls, chosen, marks]);
  const widths = useCallWidths(shown);
  const paths = useMemo(() => calls.map((call) => callPath(call, layout)).map((drawn) => drawn && new Path2D(drawn.path)), [calls, layout]);
  const vitals = useVitalsStore();
  const icons = useRef<HTMLSpanElement>(null);
  const faults = useAllFaults();
  useEffect(() => {
    if (!canvas.current) return undefined;
    const made = new MapDrawing(canvas.current);
    drawing.current = made;
    made.follow(map.getState());
    const stops = [map.subscribe((state) => made.follow(state)), vitals.subscribe(() => made.reword()), () => made.stop()];
    return () => stops.forEach((stop) => stop());
  }, [map, vitals]);
  const entries = useMemo(() => new Set(services.flatMap(({ id, entry }) => (entry ? [id] : []))), [services]);
  useEffect(() => {
    if (!canvas.current || !icons.current) return;
    const words = wordsWith([...icons.current.children].map(iconPath), entries, faults, vitals);
    const { fontFamily: font } = getComputedStyle(canvas.current);
    drawing.current?.show(pictureOf({ graph, layout, paths, serviceLevels, callLevels, shown, widths, chosen, marks, focused, except, font, words }));
  }, [graph, layout, paths, serviceLevels, callLevels, shown, widths, chosen, marks, focused, except, theme, entries, faults, vitals]);
  const labelled = shown.filter((call) => isOf(call, chosen) && (!focused || (marks.has(call.from) && marks.has(call.to))));
  return (
    <>
      <canvas ref={canvas} aria-hidden data-testid="map-drawing" className="pointer-events-none absolute top-0 left-0 -z-1 origin-top-left" />
      <span ref={icons} hidden>
        {[DoorOpen, Zap, ...ALARMS.map((severity) => severityLook(severity).icon)].map((Icon, i) => (
          <Icon key={i} aria-hidden />
        ))}
      </span>
      {labelled.map((call) => {
        const middle = callPath(call, layout)?.middle;
        return middle && <CallLabel key={callKey(call)} callKey={callKey(call)} x={middle.x} y={middle.y} />;
      })}
    </>
  );
});

const ALARMS = [Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL];

/** The words of a service as they are when somebody asks for them. */
function wordsWith([entrance, bolt, ...alarms]: readonly Path2D[], entries: ReadonlySet<string>, faults: MapFaults, store: StoreApi<Vitals>) {
  return (id: string): ServiceWords => {
    const vitals = store.getState().services.get(id);
    const alarm = alarms[ALARMS.indexOf(vitals?.severity ?? Severity.UNSPECIFIED)];
    return {
      name: id,
      vitals,
      icons: [
        ...(entrance && entries.has(id) ? [{ path: entrance, color: "--ink-muted" }] : []),
        ...(bolt && faults.has(faultKey(TargetKind.SERVICE, id)) ? [{ path: bolt, color: "--high" }] : []),
      ],
      alarm: alarm && { path: alarm, color: "--critical" },
    };
  };
}
