import { Compass } from "lucide-react";
import Link from "next/link";
import { EmptyState } from "@/ui/states";

export default function NotFound() {
  return (
    <EmptyState icon={Compass} title="There is no such page">
      The menu shows every page there is. <Link href="/" className="text-accent-ink underline">Go to the overview</Link>
    </EmptyState>
  );
}
