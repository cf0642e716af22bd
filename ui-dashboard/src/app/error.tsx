"use client";

import { ErrorState } from "@/ui/states";

/** A mistake of ours in one page must not take the frame, the stream and the other pages with it. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <ErrorState error={error} what="This page could not be shown." onRetry={reset} />;
}
