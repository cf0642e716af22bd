"use client";

import { UserRound } from "lucide-react";
import { Button } from "@/ui/button";
import { useOperator } from "./operator-provider";

export function OperatorBadge({ compact = false }: { compact?: boolean }) {
  const { name, change } = useOperator();
  const words = name === "" ? "Set your name" : name;
  return (
    <Button
      tone="quiet"
      size={compact ? "icon" : "md"}
      className={compact ? undefined : "min-w-0 flex-1 justify-start px-2"}
      aria-label={name === "" ? words : `Operator: ${name}. Change`}
      title={words}
      onClick={change}
    >
      <UserRound aria-hidden className="size-4 shrink-0" />
      {!compact && <span className="truncate">{words}</span>}
    </Button>
  );
}
