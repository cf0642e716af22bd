import type { Metadata } from "next";
import { Suspense } from "react";
import { LeaderboardPage } from "@/features/leaderboard/leaderboard-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Leaderboard" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <LeaderboardPage />
    </Suspense>
  );
}
