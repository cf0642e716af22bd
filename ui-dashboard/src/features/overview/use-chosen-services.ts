"use client";

import { useCallback } from "react";
import { parseAsArrayOf, parseAsString, useQueryState } from "nuqs";

export interface ChosenServices {
  /** Empty means every service. */
  readonly chosen: readonly string[];
  readonly toggle: (id: string) => void;
  readonly clear: () => void;
}

/** Which services the charts show; in the URL, so that a link shows the same. */
export function useChosenServices(): ChosenServices {
  const [chosen, choose] = useQueryState("service", parseAsArrayOf(parseAsString).withDefault([]));
  const toggle = useCallback((id: string) => void choose((before) => (before.includes(id) ? before.filter((known) => known !== id) : [...before, id])), [choose]);
  return {
    chosen,
    toggle,
    clear: () => void choose(null),
  };
}
