import type { Metadata } from "next";
import { Suspense } from "react";
import { PoliciesPage } from "@/features/policies/policies-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Policies" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <PoliciesPage />
    </Suspense>
  );
}
