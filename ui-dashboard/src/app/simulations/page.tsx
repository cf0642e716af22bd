import type { Metadata } from "next";
import { Suspense } from "react";
import { SimulationsPage } from "@/features/simulations/simulations-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Simulations" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <SimulationsPage />
    </Suspense>
  );
}
