import type { Metadata } from "next";
import { Suspense } from "react";
import { IncidentsPage } from "@/features/incidents/incidents-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Incidents" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <IncidentsPage />
    </Suspense>
  );
}
