"use client";

import { Background, BackgroundVariant, Panel, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Maximize, Minus, Plus, WandSparkles } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { ErrorState, Skeleton } from "@/ui/states";
import { CallEdge, type CallEdgeType } from "./call-edge";
import { type Call, callKey, type Graph } from "./graph";
import { type Direction, type Layout, NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout";
import { MapLayer } from "./map-layer";
import { MapTool } from "./map-tool";
import { ServiceNode, type ServiceNodeType } from "./service-node";
import { MOVE_MS, useFit, useShowChosen } from "./use-fit";
import { useLayout } from "./use-layout";
import { usePointed } from "./use-pointed";

const NODE_TYPES = { service: ServiceNode };
const EDGE_TYPES = { call: CallEdge };
/** More labels than this cover the picture; those of the chosen service are always there. */
const LABELLED_CALLS = 40;
/** From so many kinds of calls on the map is one drawing; only services that just came in are elements. */
const LARGE = 150;
const NO_EDGES: CallEdgeType[] = [];

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
  const { layout, pictures, newcomers, failure } = useLayout(props.graph, props.aspect, tidied);
  if (failure !== undefined && !layout) return <ErrorState error={new Error(failure)} what="The map could not be arranged." onRetry={() => setTidied(tidied + 1)} />;
  if (!layout) return <Skeleton className="size-full" />;
  return (
    <ReactFlowProvider>
      <Canvas {...props} layout={layout} pictures={pictures} newcomers={newcomers} onTidy={() => setTidied(tidied + 1)} />
    </ReactFlowProvider>
  );
}

interface CanvasProps extends ServiceMapProps {
  readonly layout: Layout;
  readonly pictures: number;
  readonly newcomers: ReadonlySet<string>;
  readonly onTidy: () => void;
}

function Canvas({ graph, chosen, onChoose, label = "Map of the services; the list beside it says the same", layout, pictures, newcomers, onTidy }: CanvasProps) {
  const { places, direction } = layout;
  const [nodes, setNodes, onNodesChange] = useNodesState<ServiceNodeType>([]);
  const flow = useReactFlow();
  const large = graph.calls.length >= LARGE;
  useEffect(() => {
    const elements = large ? graph.services.filter(({ id }) => newcomers.has(id)) : graph.services;
    setNodes((before) => nodesOf(elements, places, { direction, connected: !large }, before));
  }, [graph, places, direction, large, newcomers, setNodes]);
  const edges = useMemo(() => (large ? NO_EDGES : edgesOf(graph.calls, places, graph.calls.length <= LABELLED_CALLS)), [graph, places, large]);
  const showAll = useFit(places, pictures);
  useShowChosen(chosen, places);
  const pointed = usePointed(places, onChoose);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onNodeClick={(_, { id }) => onChoose(id)}
      onPaneClick={large ? pointed.onPaneClick : () => onChoose(null)}
      onPaneMouseMove={large ? pointed.onPaneMouseMove : undefined}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      minZoom={0.05}
      maxZoom={2}
      aria-label={label}
    >
      {large ? <MapLayer graph={graph} layout={layout} chosen={chosen} except={newcomers} /> : <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--line)" />}
      <Panel position="top-right" className="flex gap-1">
        <MapTool label="Zoom in" icon={Plus} onClick={() => void flow.zoomIn({ duration: MOVE_MS })} />
        <MapTool label="Zoom out" icon={Minus} onClick={() => void flow.zoomOut({ duration: MOVE_MS })} />
        <MapTool label="Show everything" icon={Maximize} onClick={showAll} />
        <MapTool label="Arrange anew" icon={WandSparkles} onClick={onTidy} />
      </Panel>
    </ReactFlow>
  );
}

interface Manner {
  readonly direction: Direction;
  readonly connected: boolean;
}

/** What stands where it stood stays the same object, so that it is not drawn anew. */
function nodesOf(services: Graph["services"], places: Places, { direction, connected }: Manner, before: readonly ServiceNodeType[]): ServiceNodeType[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return services.flatMap(({ id, entry }) => {
    const position = places.get(id);
    if (!position) return [];
    const node = known.get(id);
    if (node && node.position.x === position.x && node.position.y === position.y && node.data.direction === direction && node.data.connected === connected) return [node];
    return [{ ...node, id, type: "service" as const, position, data: { entry, direction, connected }, width: NODE_WIDTH, height: NODE_HEIGHT }];
  });
}

function edgesOf(calls: readonly Call[], places: Places, labelled: boolean): CallEdgeType[] {
  const data = { labelled };
  const drawn = calls.filter(({ from, to }) => places.has(from) && places.has(to));
  return drawn.map(({ from, to }) => ({ id: callKey({ from, to }), source: from, target: to, type: "call", data }));
}
