"use client";

import { type RefCallback, useCallback, useState } from "react";

/** Whether an element has ever been in view. */
export function useSeen(): { readonly seen: boolean; readonly ref: RefCallback<Element> } {
  const [seen, setSeen] = useState(false);
  const ref = useCallback((element: Element | null) => {
    if (!element) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { seen, ref };
}
