import type { Metadata } from "next";
import { Suspense } from "react";
import { SimulationPage } from "@/features/simulation/simulation-page";

export const metadata: Metadata = { title: "Simulation" };

export default function Page() {
  return (
    <Suspense>
      <SimulationPage />
    </Suspense>
  );
}
