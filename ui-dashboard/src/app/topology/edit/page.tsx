import type { Metadata } from "next";
import { Suspense } from "react";
import { EditorPage } from "@/features/editor/editor-page";
import { PageSkeleton } from "@/ui/page-skeleton";

export const metadata: Metadata = { title: "Cloud editor" };

export default function Page() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <EditorPage />
    </Suspense>
  );
}
