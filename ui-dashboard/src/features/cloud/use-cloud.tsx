"use client";

import { createContext, type ReactNode, type RefObject, useContext, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { CloudState } from "./cloud-state";
import type { CloudStore } from "./cloud-store";
import { watchSight } from "./sight";

const CloudContext = createContext<CloudStore | undefined>(undefined);

export function CloudProvider({ store, children }: { store: CloudStore; children: ReactNode }) {
  return <CloudContext value={store}>{children}</CloudContext>;
}

export function useCloudStore(): CloudStore {
  const store = useContext(CloudContext);
  if (!store) throw new Error("useCloudStore needs a CloudProvider above it.");
  return store;
}

/** Subscribes to a part of the cloud. The selector must return the same reference while nothing changed. */
export function useCloud<T>(selector: (state: CloudState) => T): T {
  return useStore(useCloudStore(), selector);
}

/**
 * Like `useCloud`, but follows at most twice a second: for numbers in tables and tiles. The selector may build what it
 * returns.
 */
export function useCalmCloud<T>(selector: (state: CloudState) => T): T {
  return selector(useStore(useCloudStore().calm));
}

/** Like `useCalmCloud`, but slower while this row of a table, with those around it, is far from what is in sight. */
export function useCalmCloudInSight<T>(row: RefObject<HTMLTableRowElement | null>, selector: (state: CloudState) => T): T {
  const cloud = useCloudStore();
  const [near, setNear] = useState(true);
  useEffect(() => (row.current ? watchSight(row.current.parentElement ?? row.current, setNear) : undefined), [row]);
  return selector(useStore(near ? cloud.calm : cloud.outOfSight));
}
