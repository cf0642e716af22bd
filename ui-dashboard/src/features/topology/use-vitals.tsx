"use client";

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { CloudState } from "@/features/cloud/cloud-state";
import type { Standing } from "@/features/cloud/objectives";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { type Call, callKey, type Graph } from "./graph";
import { type CallVitals, type ServiceVitals, type Vitals, vitalsOf } from "./vitals";

const NO_INCIDENTS: CloudState["incidents"] = new Map();

const VitalsContext = createContext<StoreApi<Vitals> | undefined>(undefined);

/** Computes the vitals once for everybody who shows them, at the pace of numbers that are read. */
export function VitalsProvider({ children }: { children: ReactNode }) {
  const cloud = useCloudStore();
  const [store] = useState(() => createStore<Vitals>(() => vitalsOf(cloud.calm.getState())));
  useEffect(() => {
    const follow = () => store.setState(vitalsOf(cloud.calm.getState(), store.getState()), true);
    follow();
    return cloud.calm.subscribe(follow);
  }, [cloud, store]);
  return <VitalsContext value={store}>{children}</VitalsContext>;
}

/** The same of a moment that is not now. Of incidents nothing is known then. */
export function PastVitalsProvider({ topology, sample, children }: Pick<CloudState, "topology" | "sample"> & { children: ReactNode }) {
  const [store] = useState(() => createStore<Vitals>(() => vitalsOf({ topology, sample, incidents: NO_INCIDENTS })));
  useEffect(() => store.setState(vitalsOf({ topology, sample, incidents: NO_INCIDENTS }, store.getState()), true), [store, topology, sample]);
  return <VitalsContext value={store}>{children}</VitalsContext>;
}

/** For what is drawn past React. */
export function useVitalsStore(): StoreApi<Vitals> {
  const store = useContext(VitalsContext);
  if (!store) throw new Error("useVitals needs a VitalsProvider above it.");
  return store;
}

function useVitals<T>(selector: (vitals: Vitals) => T): T {
  return useStore(useVitalsStore(), selector);
}

/** Renders again only when one of the words about this service changes. */
export function useServiceVitals(id: string): ServiceVitals | undefined {
  return useVitals(({ services }) => services.get(id));
}

/** How a service stands: changes seldom, words every moment. */
export function useServiceLevel(id: string): Standing {
  return useVitals(({ services }) => services.get(id)?.level ?? "unknown");
}

export function useCallVitals(key: string): CallVitals | undefined {
  return useVitals(({ calls }) => calls.get(key));
}

/** How the line of a call looks: changes seldom, words every moment. */
export function useCallLook(key: string): Pick<CallVitals, "width" | "level"> {
  return {
    width: useVitals(({ calls }) => calls.get(key)?.width ?? 1),
    level: useVitals(({ calls }) => calls.get(key)?.level ?? "unknown"),
  };
}

/** How each of many calls stands, in their order: the same array while none changes. */
export function useCallLevels(calls: readonly Call[]): readonly Standing[] {
  return useLevels((vitals) => calls.map((call) => vitals.calls.get(callKey(call))?.level ?? "unknown").join(" "));
}

/** Of some calls the width of their lines, px, in their order. */
export function useCallWidths(calls: readonly Call[]): readonly number[] {
  const text = useVitals((vitals) => calls.map((call) => vitals.calls.get(callKey(call))?.width ?? 1).join(" "));
  return useMemo(() => text.split(" ").map(Number), [text]);
}

/** How each of many services stands, in their order. */
export function useServiceLevels(services: Graph["services"]): readonly Standing[] {
  return useLevels((vitals) => services.map(({ id }) => vitals.services.get(id)?.level ?? "unknown").join(" "));
}

function useLevels(selector: (vitals: Vitals) => string): readonly Standing[] {
  const text = useVitals(selector);
  return useMemo(() => text.split(" ") as Standing[], [text]);
}

/** Ids, those in trouble first; the same text while the order is the same. */
export function useServiceOrder(): string {
  return useVitals(orderOf);
}

/** One computation for each state of the store, however often it is asked for. */
const orders = new WeakMap<Vitals, string>();

function orderOf(vitals: Vitals): string {
  const known = orders.get(vitals);
  if (known !== undefined) return known;
  const order = [...vitals.services].sort(([a, left], [b, right]) => trouble(right) - trouble(left) || a.localeCompare(b)).map(([id]) => id).join("\n");
  orders.set(vitals, order);
  return order;
}

function trouble({ severity, health }: ServiceVitals): number {
  return severity * 10 + (health === "down" ? 2 : health === "degraded" ? 1 : 0);
}

