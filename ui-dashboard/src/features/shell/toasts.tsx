"use client";

import { Toaster } from "sonner";
import { useResolvedTheme } from "@/features/theme/theme";

export function Toasts() {
  return <Toaster theme={useResolvedTheme()} position="bottom-right" mobileOffset={{ bottom: 72 }} closeButton style={{ fontFamily: "inherit" }} toastOptions={{ style: { fontFamily: "inherit" } }} />;
}
