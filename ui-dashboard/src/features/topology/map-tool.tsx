import type { LucideIcon } from "lucide-react";
import { Button } from "@/ui/button";

/** A button on the canvas. */
export function MapTool({ label, icon: Icon, onClick }: { label: string; icon: LucideIcon; onClick: () => void }) {
  return (
    <Button size="icon" aria-label={label} title={label} onClick={onClick}>
      <Icon aria-hidden className="size-4" />
    </Button>
  );
}
