"use client";

import { Background, BackgroundVariant, Panel, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow, useStoreApi } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Maximize, Minus, Plus, WandSparkles } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { ErrorState, Skeleton } from "@/ui/states";
import { CallEdge, type CallEdgeType } from "./call-edge";
import { CallLayer, callsToShow } from "./call-layer";
import { type Call, callKey, type Graph } from "./graph";
import { type Direction, isInSight, type Layout, NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout";
import { useMarkedServices } from "./map-choice";
import { MapTool } from "./map-tool";
import { ServiceNode, type ServiceNodeType } from "./service-node";
import { useLayout } from "./use-layout";

const NODE_TYPES = { service: ServiceNode };
const EDGE_TYPES = { call: CallEdge };
/** More labels than this cover the picture; those of the chosen service are always there. */
const LABELLED_CALLS = 40;
/** From here on calls are drawn together, except for those of the chosen service. */
const LARGE = 150;
const MOVE_MS = 300;
const FIT = { padding: 0.08, maxZoom: 1.1 } as const;

interface ServiceMapProps {
  readonly graph: Graph;
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  /** Width of the canvas over its height. */
  readonly aspect: number;
  /** What it is, and where the same is said in words. */
  readonly label?: string;
}

/** The services as a map that can be moved and zoomed. Loaded when it is needed: the library is not part of the first load. */
export default function ServiceMap(props: ServiceMapProps) {
  const [tidied, setTidied] = useState(0);
  const { layout, pictures, failure } = useLayout(props.graph, props.aspect, tidied);
  if (failure !== undefined && !layout) return <ErrorState error={new Error(failure)} what="The map could not be arranged." onRetry={() => setTidied(tidied + 1)} />;
  if (!layout) return <Skeleton className="size-full" />;
  return (
    <ReactFlowProvider>
      <Canvas {...props} layout={layout} pictures={pictures} onTidy={() => setTidied(tidied + 1)} />
    </ReactFlowProvider>
  );
}

interface CanvasProps extends ServiceMapProps {
  readonly layout: Layout;
  readonly pictures: number;
  readonly onTidy: () => void;
}

function Canvas({ graph, chosen, onChoose, label = "Map of the services; the list beside it says the same", layout, pictures, onTidy }: CanvasProps) {
  const { places, direction } = layout;
  const [nodes, setNodes, onNodesChange] = useNodesState<ServiceNodeType>([]);
  const flow = useReactFlow();
  useEffect(() => setNodes((before) => nodesOf(graph, places, direction, before)), [graph, places, direction, setNodes]);
  const large = graph.calls.length >= LARGE;
  const marked = useMarkedServices();
  const edges = useMemo(() => edgesOf(large ? callsToShow(graph.calls, chosen, marked) : graph.calls, places, !large && graph.calls.length <= LABELLED_CALLS), [graph, places, large, chosen, marked]);
  const drawn = nodes.length > 0;
  useEffect(() => {
    if (drawn) void flow.fitView(FIT);
  }, [flow, pictures, drawn]);
  useShowChosen(chosen, places);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onNodeClick={(_, { id }) => onChoose(id)}
      onPaneClick={() => onChoose(null)}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      minZoom={0.05}
      maxZoom={2}
      aria-label={label}
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--line)" />
      {large && <CallLayer calls={graph.calls} layout={layout} />}
      <Panel position="top-right" className="flex gap-1">
        <MapTool label="Zoom in" icon={Plus} onClick={() => void flow.zoomIn({ duration: MOVE_MS })} />
        <MapTool label="Zoom out" icon={Minus} onClick={() => void flow.zoomOut({ duration: MOVE_MS })} />
        <MapTool label="Show everything" icon={Maximize} onClick={() => void flow.fitView({ ...FIT, duration: MOVE_MS })} />
        <MapTool label="Arrange anew" icon={WandSparkles} onClick={onTidy} />
      </Panel>
    </ReactFlow>
  );
}

/** Moves the map when who was chosen is out of sight. */
function useShowChosen(chosen: string | null, places: Places): void {
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

/** What stands where it stood stays the same object, so that it is not drawn anew. */
function nodesOf({ services }: Graph, places: Places, direction: Direction, before: readonly ServiceNodeType[]): ServiceNodeType[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return services.flatMap(({ id, entry }) => {
    const position = places.get(id);
    if (!position) return [];
    const node = known.get(id);
    if (node && node.position.x === position.x && node.position.y === position.y && node.data.direction === direction) return [node];
    return [{ ...node, id, type: "service" as const, position, data: { entry, direction }, width: NODE_WIDTH, height: NODE_HEIGHT }];
  });
}

function edgesOf(calls: readonly Call[], places: Places, labelled: boolean): CallEdgeType[] {
  const data = { labelled };
  const drawn = calls.filter(({ from, to }) => places.has(from) && places.has(to));
  return drawn.map(({ from, to }) => ({ id: callKey({ from, to }), source: from, target: to, type: "call", data }));
}
