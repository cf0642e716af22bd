import type { Metadata } from "next";
import { Suspense } from "react";
import { OverviewPage } from "@/features/overview/overview-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: { absolute: "Microcloud" } };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <OverviewPage />
    </Suspense>
  );
}
