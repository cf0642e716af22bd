import type { Metadata } from "next";
import { Suspense } from "react";
import { SystemPage } from "@/features/system/system-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "System" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <SystemPage />
    </Suspense>
  );
}
