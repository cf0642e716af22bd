import type { Metadata } from "next";
import { Suspense } from "react";
import { ActionsPage } from "@/features/actions/actions-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Actions" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <ActionsPage />
    </Suspense>
  );
}
