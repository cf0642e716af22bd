"use client";

import { useReactFlow } from "@xyflow/react";
import { type MouseEvent, useMemo } from "react";
import type { Places } from "./layout";
import { useMarkedServices } from "./map-choice";
import { serviceAt } from "./service-at";
import { titleOf } from "./service-node";

/** Clicks and the pointer over a map on which services are drawn: what is not an element is found by its place. */
export function usePointed(places: Places, onChoose: (id: string | null) => void) {
  const flow = useReactFlow();
  const marks = useMarkedServices();
  return useMemo(() => {
    const at = ({ clientX, clientY }: MouseEvent) => serviceAt(places, flow.screenToFlowPosition({ x: clientX, y: clientY }));
    return {
      onPaneClick: (event: MouseEvent) => onChoose(at(event) ?? null),
      onPaneMouseMove: (event: MouseEvent) => {
        if (!(event.target instanceof HTMLElement)) return;
        const id = at(event);
        const title = id === undefined ? "" : titleOf(id, marks.get(id));
        if (event.target.title === title) return;
        event.target.title = title;
        event.target.style.cursor = id === undefined ? "" : "pointer";
      },
    };
  }, [places, flow, marks, onChoose]);
}
