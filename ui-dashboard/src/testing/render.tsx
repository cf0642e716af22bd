/** Renders a component as the app does, over a Connect router in memory and a store that the test fills. */
import { type ConnectRouter, createRouterTransport } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { NuqsTestingAdapter, type UrlUpdateEvent } from "nuqs/adapters/testing";
import type { ReactNode } from "react";
import { Toaster } from "sonner";
import { CloudStore } from "@/features/cloud/cloud-store";
import { CloudProvider } from "@/features/cloud/use-cloud";
import { OperatorProvider } from "@/features/operator/operator-provider";

interface Scene {
  readonly routes?: (router: ConnectRouter) => void;
  readonly url?: string;
  readonly onUrl?: (event: UrlUpdateEvent) => void;
}

export function renderScene(ui: ReactNode, { routes = () => undefined, url = "", onUrl }: Scene = {}) {
  const cloud = new CloudStore();
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const user = userEvent.setup();
  const view = render(
    <TransportProvider transport={createRouterTransport(routes)}>
      <QueryClientProvider client={queries}>
        <NuqsTestingAdapter searchParams={url} onUrlUpdate={onUrl} hasMemory>
          <CloudProvider store={cloud}>
            <OperatorProvider>{ui}</OperatorProvider>
          </CloudProvider>
        </NuqsTestingAdapter>
      </QueryClientProvider>
      <Toaster />
    </TransportProvider>,
  );
  return { ...view, cloud, user };
}
