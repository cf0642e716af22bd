import type { Metadata } from "next";
import { Suspense } from "react";
import { GamePage } from "@/features/game/game-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Game day" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <GamePage />
    </Suspense>
  );
}
