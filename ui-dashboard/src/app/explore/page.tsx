import type { Metadata } from "next";
import { Suspense } from "react";
import { ExplorePage } from "@/features/explore/explore-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Explore" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <ExplorePage />
    </Suspense>
  );
}
