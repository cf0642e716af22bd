import type { Metadata } from "next";
import { Suspense } from "react";
import { SilencesPage } from "@/features/silences/silences-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Silences" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <SilencesPage />
    </Suspense>
  );
}
