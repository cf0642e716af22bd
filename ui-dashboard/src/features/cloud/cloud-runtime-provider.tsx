"use client";

import { useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { streamOf } from "@/rpc/simulation";
import { streamUrl } from "@/rpc/transport";
import { type CloudRuntime, startCloud } from "./cloud-runtime";
import { CloudStore } from "./cloud-store";
import { CloudProvider } from "./use-cloud";

const RetryContext = createContext<() => void>(() => undefined);

/** Connects again without waiting for the next attempt. */
export function useRetryConnection(): () => void {
  return useContext(RetryContext);
}

/** One store and one stream for the whole tab. */
export function CloudRuntimeProvider({ children }: { children: ReactNode }) {
  const [cloud] = useState(() => new CloudStore());
  const transport = useTransport();
  const queries = useQueryClient();
  const runtime = useRef<CloudRuntime>(undefined);
  const [retry] = useState(() => () => runtime.current?.retryNow());

  useEffect(() => {
    const started = startCloud(cloud, transport, streamOf(streamUrl));
    runtime.current = started;
    // A snapshot means that something may have been missed: lists that were asked for earlier are asked for again.
    const unsubscribe = cloud.subscribe((state, before) => {
      if (state.snapshots !== before.snapshots && before.snapshots > 0) void queries.invalidateQueries();
    });
    return () => {
      unsubscribe();
      started.stop();
    };
  }, [cloud, transport, queries]);

  return (
    <RetryContext value={retry}>
      <CloudProvider store={cloud}>{children}</CloudProvider>
    </RetryContext>
  );
}
