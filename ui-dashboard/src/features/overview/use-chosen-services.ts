"use client";

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
  return {
    chosen,
    toggle: (id) => void choose(chosen.includes(id) ? chosen.filter((known) => known !== id) : [...chosen, id]),
    clear: () => void choose(null),
  };
}
