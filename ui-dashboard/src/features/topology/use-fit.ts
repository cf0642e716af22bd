"use client";

import { getViewportForBounds, useReactFlow, useStore, useStoreApi } from "@xyflow/react";
import { useCallback, useEffect } from "react";
import { isInSight, NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout";

/** How long the map takes to get somewhere else, ms. */
export const MOVE_MS = 300;
const PADDING = 0.08;
const MAX_ZOOM = 1.1;

/** Shows everything when a picture is new as a whole, and on demand. By places, not by elements: in a large map most services are none. */
export function useFit(places: Places, pictures: number): () => void {
  const flow = useReactFlow();
  const store = useStoreApi();
  const ready = useStore(({ width, height, panZoom }) => width > 0 && height > 0 && panZoom !== null);
  const fit = useCallback(
    (duration?: number) => {
      const { width, height, minZoom } = store.getState();
      void flow.setViewport(getViewportForBounds(boundsOf(places), width, height, minZoom, MAX_ZOOM, PADDING), { duration });
    },
    [flow, store, places],
  );
  useEffect(() => {
    if (ready) fit();
    // New places in the same picture do not move it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ready, pictures]);
  return useCallback(() => fit(MOVE_MS), [fit]);
}

function boundsOf(places: Places) {
  const [xs, ys] = [[...places.values()].map(({ x }) => x), [...places.values()].map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) + NODE_WIDTH - x, height: Math.max(...ys) + NODE_HEIGHT - y };
}

/** Moves the map when who was chosen is out of sight. */
export function useShowChosen(chosen: string | null, places: Places): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  useEffect(() => {
    const place = chosen === null ? undefined : places.get(chosen);
    if (!place) return;
    const map = store.getState();
    if (!isInSight(place, map)) {
      void flow.setCenter(place.x + NODE_WIDTH / 2, place.y + NODE_HEIGHT / 2, { zoom: Math.max(map.transform[2], 0.8), duration: MOVE_MS });
    }
  }, [chosen, places, flow, store]);
}
