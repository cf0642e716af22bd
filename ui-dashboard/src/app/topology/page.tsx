import type { Metadata } from "next";
import { Suspense } from "react";
import { TopologyPage } from "@/features/topology/topology-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Topology" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <TopologyPage />
    </Suspense>
  );
}
