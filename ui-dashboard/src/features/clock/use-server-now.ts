"use client";

import { useCalmCloud } from "@/features/cloud/use-cloud";
import { useNow } from "./use-now";

/** Wall time as the server has it, ms: what expiry is measured by, whatever this machine's clock says. */
export function useServerNow(): number {
  return useNow() + useCalmCloud((state) => state.serverOffsetMs);
}
