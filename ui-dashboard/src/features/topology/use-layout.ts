"use client";

import { useEffect, useReducer, useRef } from "react";
import type { Graph } from "./graph";
import { keepPlaces, type Layout, type LayoutRequest } from "./layout";

interface Arranged {
  readonly layout: Layout | undefined;
  /** Counts the pictures that are new as a whole, which the view has to be fitted to. */
  readonly pictures: number;
  readonly failure: string | undefined;
}

interface Fresh {
  readonly graph: Graph;
  readonly layout: Layout;
  /** Forget where everybody stood. */
  readonly anew: boolean;
}

const NOWHERE: Arranged = { layout: undefined, pictures: 0, failure: undefined };

function next(state: Arranged, fresh: Fresh | { readonly failure: string }): Arranged {
  if ("failure" in fresh) return { ...state, failure: fresh.failure };
  const { graph, layout, anew } = fresh;
  const places = anew || !state.layout ? layout.places : keepPlaces(state.layout.places, layout.places, graph.calls);
  return { layout: { ...layout, places }, pictures: places === layout.places ? state.pictures + 1 : state.pictures, failure: undefined };
}

/** Places of the services on a canvas of this shape. A change keeps the picture; another `tidied` arranges it anew. */
export function useLayout(graph: Graph, aspect: number, tidied: number): Arranged {
  const [arranged, note] = useReducer(next, NOWHERE);
  const done = useRef(tidied);
  const shape = useRef({ aspect, direction: arranged.layout?.direction });
  useEffect(() => {
    shape.current = { aspect, direction: arranged.layout?.direction };
  });
  useEffect(() => {
    if (graph.services.length === 0) return undefined;
    const anew = done.current !== tidied;
    done.current = tidied;
    const request: LayoutRequest = { graph, aspect: shape.current.aspect, direction: anew ? undefined : shape.current.direction };
    const worker = new Worker(new URL("./layout-worker.ts", import.meta.url));
    worker.onmessage = ({ data }: MessageEvent<Layout>) => note({ graph, layout: data, anew });
    worker.onerror = ({ message }) => note({ failure: message || "The layout could not be computed." });
    worker.postMessage(request);
    return () => worker.terminate();
  }, [graph, tidied]);
  return arranged;
}
