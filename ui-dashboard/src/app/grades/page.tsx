import type { Metadata } from "next";
import { Suspense } from "react";
import { GradesPage } from "@/features/grades/grades-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Grades" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <GradesPage />
    </Suspense>
  );
}
