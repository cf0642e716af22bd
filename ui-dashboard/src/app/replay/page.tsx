import type { Metadata } from "next";
import { Suspense } from "react";
import { ReplayPage } from "@/features/replay/replay-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Time travel" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <ReplayPage />
    </Suspense>
  );
}
