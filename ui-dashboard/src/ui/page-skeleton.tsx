import { Skeleton } from "./states";

/** What the exported page shows until its script runs: pages whose state is in the URL cannot be prerendered. */
export function PageSkeleton() {
  return (
    <div role="status" aria-label="Loading the page" className="flex flex-col gap-4">
      <Skeleton className="h-32 w-full" />
      <Skeleton className="h-36 w-full" />
      <Skeleton className="h-64 w-full" />
    </div>
  );
}
