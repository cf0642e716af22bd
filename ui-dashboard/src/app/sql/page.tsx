import type { Metadata } from "next";
import { Suspense } from "react";
import { SqlPage } from "@/features/sql/sql-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "SQL" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <SqlPage />
    </Suspense>
  );
}
