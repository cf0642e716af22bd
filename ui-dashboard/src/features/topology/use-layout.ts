"use client";

import { useEffect, useReducer, useRef } from "react";
import type { Graph } from "./graph";
import { keepPlaces, type Layout, type LayoutRequest } from "./layout";

interface Arranged {
  readonly layout: Layout | undefined;
  /** Counts the pictures that are new as a whole, which the view has to be fitted to. */
  readonly pictures: number;
  /** Who came into the picture that there was. */
  readonly newcomers: ReadonlySet<string>;
  readonly failure: string | undefined;
}

interface Fresh {
  readonly graph: Graph;
  readonly layout: Layout;
  /** Forget where everybody stood. */
  readonly anew: boolean;
}

const NOWHERE: Arranged = { layout: undefined, pictures: 0, newcomers: new Set(), failure: undefined };

function next(state: Arranged, fresh: Fresh | { readonly failure: string }): Arranged {
  if ("failure" in fresh) return { ...state, failure: fresh.failure };
  const { graph, layout, anew } = fresh;
  const before = state.layout?.places;
  const places = anew || !before ? layout.places : keepPlaces(before, layout.places, graph.calls);
  if (!before || places === layout.places) return { layout: { ...layout, places }, pictures: state.pictures + 1, newcomers: new Set(), failure: undefined };
  return { layout: { ...layout, places }, pictures: state.pictures, newcomers: new Set([...places.keys()].filter((id) => !before.has(id))), failure: undefined };
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
