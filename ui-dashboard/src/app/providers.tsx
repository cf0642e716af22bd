"use client";

import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { CloudRuntimeProvider } from "@/features/cloud/cloud-runtime-provider";
import { OperatorProvider } from "@/features/operator/operator-provider";
import { transport } from "@/rpc/transport";

/** Lists follow the stream; asking again on every focus would only repeat what it said. */
const QUERY_DEFAULTS = { queries: { staleTime: 15_000, retry: 1, refetchOnWindowFocus: false } } as const;

export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(() => new QueryClient({ defaultOptions: QUERY_DEFAULTS }));
  return (
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queries}>
        <NuqsAdapter>
          <CloudRuntimeProvider>
            <OperatorProvider>{children}</OperatorProvider>
          </CloudRuntimeProvider>
        </NuqsAdapter>
      </QueryClientProvider>
    </TransportProvider>
  );
}
