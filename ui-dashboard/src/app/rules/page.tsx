import type { Metadata } from "next";
import { Suspense } from "react";
import { RulesPage } from "@/features/rules/rules-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Detection" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <RulesPage />
    </Suspense>
  );
}
