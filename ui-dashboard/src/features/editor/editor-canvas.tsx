"use client";

import { Background, BackgroundVariant, ConnectionLineType, type EdgeChange, type NodeChange, Panel, ReactFlow, ReactFlowProvider, useEdgesState, useNodesState, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Maximize, Minus, Plus, WandSparkles } from "lucide-react";
import { type DragEvent, useEffect, useMemo, useState } from "react";
import { toast } from "sonner";
import { callKey, graphOf } from "@/features/topology/graph";
import { type Direction, type Places } from "@/features/topology/layout";
import { MapTool } from "@/features/topology/map-tool";
import { useLayout } from "@/features/topology/use-layout";
import { Skeleton } from "@/ui/states";
import type { Engine } from "./catalogue";
import { wouldCircle } from "./checks";
import type { Cloud } from "./cloud";
import type { Draft } from "./draft";
import { DraftEdge, type DraftEdgeType } from "./draft-edge";
import { DraftNode, type DraftNodeType } from "./draft-node";
import { addCall, addService, arrangeAnew, movePlaces, nameFor, removeCalls, removeServices } from "./edits";
import { ENGINE_TYPE } from "./palette";
import type { ProblemIndex } from "./problems";
import { useEdit, useOpenDraft } from "./use-draft";

const NODE_TYPES = { draft: DraftNode };
const EDGE_TYPES = { draft: DraftEdge };
/** Room for the buttons on top. */
const FIT = { padding: { top: "64px", bottom: "40px", x: "32px" }, maxZoom: 1.1 } as const;
const MOVE_MS = 300;

interface EditorCanvasProps {
  readonly service: string | null;
  readonly call: string | null;
  /** Width of the canvas over its height. */
  readonly aspect: number;
  readonly onService: (id: string | null) => void;
  readonly onCall: (from: string, to: string) => void;
}

/** The draft as a picture that is drawn in. Loaded when it is needed. */
export default function EditorCanvas(props: EditorCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ service, call, aspect, onService, onCall }: EditorCanvasProps) {
  const { draft, cloud, index } = useOpenDraft();
  const edit = useEdit();
  const flow = useReactFlow();
  const [tidied, setTidied] = useState(0);
  const { places, direction, pictures } = usePlaces(cloud, draft.places, aspect, tidied);
  const [nodes, setNodes, onNodesChange] = useNodesState<DraftNodeType>([]);
  useEffect(() => setNodes((before) => nodesOf(cloud, places, direction, index, service, before)), [cloud, places, direction, index, service, setNodes]);
  const [edges, setEdges] = useEdgesState<DraftEdgeType>([]);
  useEffect(() => setEdges((before) => edgesOf(cloud, places, index, call, before)), [cloud, places, index, call, setEdges]);
  const drawn = nodes.length > 0;
  useEffect(() => {
    if (drawn) void flow.fitView(FIT);
  }, [flow, pictures, drawn]);

  const change = (changes: NodeChange<DraftNodeType>[]) => {
    onNodesChange(changes);
    const moved = changes.flatMap((one) => (one.type === "position" && one.dragging !== true && one.position ? [[one.id, { x: Math.round(one.position.x), y: Math.round(one.position.y) }] as const] : []));
    if (moved.length > 0) edit(movePlaces(Object.fromEntries(moved)), "move");
    const chosen = changes.findLast((one) => one.type === "select" && one.selected);
    if (chosen?.type === "select") onService(chosen.id);
  };
  const chooseCall = (changes: EdgeChange<DraftEdgeType>[]) => {
    const chosen = changes.findLast((one) => one.type === "select" && one.selected);
    const data = chosen?.type === "select" ? edges.find(({ id }) => id === chosen.id)?.data : undefined;
    if (data) onCall(data.call.from, data.call.to);
  };
  const drop = (event: DragEvent) => {
    const text = event.dataTransfer.getData(ENGINE_TYPE);
    if (text === "") return;
    event.preventDefault();
    const engine = JSON.parse(text) as Engine;
    const id = nameFor(draft, engine);
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    edit(addService(id, engine, { x: Math.round(x), y: Math.round(y) }));
    onService(id);
  };

  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={change}
      onEdgesChange={chooseCall}
      onPaneClick={() => onService(null)}
      onConnect={({ source, target }) => {
        edit(addCall(source, target));
        onCall(source, target);
      }}
      isValidConnection={({ source, target }) => !wouldCircle(cloud, source, target)}
      onConnectEnd={(_, { isValid, fromNode, toNode }) => {
        if (isValid === false && fromNode && toNode && fromNode.id !== toNode.id) toast.error(`${fromNode.id} cannot call ${toNode.id}`, { description: "That would close a circle of calls." });
      }}
      onBeforeDelete={({ nodes: goneServices, edges: goneCalls }) => {
        if (goneServices.length > 0) edit(removeServices(goneServices.map(({ id }) => id)));
        else edit(removeCalls(goneCalls.map(({ source, target }) => ({ from: source, to: target }))));
        onService(null);
        return Promise.resolve(false);
      }}
      deleteKeyCode={["Delete", "Backspace"]}
      connectionLineType={ConnectionLineType.Bezier}
      connectionRadius={30}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
      minZoom={0.04}
      maxZoom={2}
      aria-label="The draft; the list beside it says the same"
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--line)" />
      <Panel position="top-right" className="flex gap-1">
        <MapTool label="Zoom in" icon={Plus} onClick={() => void flow.zoomIn({ duration: MOVE_MS })} />
        <MapTool label="Zoom out" icon={Minus} onClick={() => void flow.zoomOut({ duration: MOVE_MS })} />
        <MapTool label="Show everything" icon={Maximize} onClick={() => void flow.fitView({ ...FIT, duration: MOVE_MS })} />
        <MapTool
          label="Arrange anew"
          icon={WandSparkles}
          onClick={() => {
            edit(arrangeAnew);
            setTidied(tidied + 1);
          }}
        />
      </Panel>
      {!drawn && cloud.services.length > 0 && <Skeleton className="size-full" />}
    </ReactFlow>
  );
}

/** Where everybody stands: where they were put, else where the arrangement has them. */
function usePlaces({ services, calls }: Cloud, put: Draft["places"], aspect: number, tidied: number) {
  const shape = JSON.stringify({ services: services.map(({ id, entry }) => ({ id, entry })), calls: calls.filter(({ to }) => services.some(({ id }) => id === to)).map(({ from, to }) => ({ from, to })) });
  const graph = useMemo(() => graphOf(shape), [shape]);
  const { layout, pictures } = useLayout(graph, aspect, tidied);
  const places = useMemo(() => new Map([...(layout?.places ?? []), ...Object.entries(put)]), [layout, put]);
  return { places, direction: layout?.direction ?? "LR", pictures };
}

function nodesOf({ services }: Cloud, places: Places, direction: Direction, index: ProblemIndex, chosen: string | null, before: readonly DraftNodeType[]): DraftNodeType[] {
  const known = new Map(before.map((node) => [node.id, node]));
  const several = before.filter(({ selected }) => selected).length > 1;
  return services.flatMap((service) => {
    const { id } = service;
    const position = places.get(id);
    if (!position) return [];
    const node = known.get(id);
    const problems = index.get(`service ${id}`)?.length ?? 0;
    const selected = several && node?.selected === true && chosen !== null ? true : id === chosen;
    const data = node && node.data.service === service && node.data.direction === direction && node.data.problems === problems ? node.data : { service, direction, problems };
    if (node && node.data === data && node.selected === selected && node.position.x === position.x && node.position.y === position.y) return [node];
    return [{ ...node, id, type: "draft" as const, position, data, selected, ariaLabel: `Service ${id}` }];
  });
}

function edgesOf({ calls }: Cloud, places: Places, index: ProblemIndex, chosen: string | null, before: readonly DraftEdgeType[]): DraftEdgeType[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const drawn = calls.filter(({ from, to }) => places.has(from) && places.has(to));
  return drawn.map((call) => {
    const { from, to } = call;
    const id = callKey(call);
    const problems = index.get(`call ${from}>${to}`)?.length ?? 0;
    const selected = chosen === `${from}>${to}`;
    const edge = known.get(id);
    if (edge?.data?.call === call && edge.data.problems === problems && edge.selected === selected) return edge;
    return { id, source: from, target: to, type: "draft", data: { call, problems }, selected, ariaLabel: `Call from ${from} to ${to}` };
  });
}
