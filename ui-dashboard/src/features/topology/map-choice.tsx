"use client";

import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { TargetKind } from "@/gen/common/v1/target_pb";
import type { Focus, Mark } from "./focus";
import { faultKey, type MapFault, type MapFaults } from "./map-faults";

/** What is chosen and what is marked. A store, so that choosing one of 500 services draws two of them anew. */
interface Choice {
  readonly service: string | null;
  readonly focus: Focus | undefined;
  /** Faults in force. */
  readonly faults: MapFaults;
}

const ChoiceContext = createContext<StoreApi<Choice> | undefined>(undefined);

export function ChoiceProvider({ service, focus, faults, children }: Choice & { children: ReactNode }) {
  const [store] = useState(() => createStore<Choice>(() => ({ service, focus, faults })));
  useEffect(() => store.setState({ service, focus, faults }), [store, service, focus, faults]);
  return <ChoiceContext value={store}>{children}</ChoiceContext>;
}

function useChoice<T>(selector: (choice: Choice) => T): T {
  const store = useContext(ChoiceContext);
  if (!store) throw new Error("useChoice needs a ChoiceProvider above it.");
  return useStore(store, selector);
}

export function useIsChosen(...ids: readonly string[]): boolean {
  return useChoice(({ service }) => service !== null && ids.includes(service));
}

export function useServiceMark(id: string): Mark | undefined {
  return useChoice(({ focus }) => focus?.services.get(id));
}

export function useNodeMark(id: string): Mark | undefined {
  return useChoice(({ focus }) => focus?.nodes.get(id));
}

const UNHARMED: readonly MapFault[] = [];

/** Faults in force on something. */
export function useFaultsOn(kind: TargetKind, id: string): readonly MapFault[] {
  return useChoice(({ faults }) => faults.get(faultKey(kind, id)) ?? UNHARMED);
}

export function useAllFaults(): MapFaults {
  return useChoice(({ faults }) => faults);
}

const NONE: ReadonlyMap<string, Mark> = new Map();

export function useMarkedServices(): ReadonlyMap<string, Mark> {
  return useChoice(({ focus }) => focus?.services ?? NONE);
}

/** Something is marked, so that whatever is not steps back. */
export function useHasFocus(): boolean {
  return useChoice(({ focus }) => focus !== undefined && focus.services.size + focus.nodes.size > 0);
}
