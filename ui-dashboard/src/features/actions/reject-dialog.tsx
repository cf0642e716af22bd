"use client";

import { ReasonDialog } from "@/ui/reason-dialog";

interface RejectDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly onReject: (reason: string) => void;
}

/** A rejection always has a reason: the next person, and the agent's author, learn from it. */
export function RejectDialog({ open, onOpenChange, title, onReject }: RejectDialogProps) {
  const words = {
    title: "Reject this proposal?",
    description: title,
    hint: "Required. It is kept in the record.",
    placeholder: "For example: traffic is about to drop, scaling is not worth it",
    leave: "Keep waiting",
    confirm: "Reject",
  };
  return <ReasonDialog open={open} onOpenChange={onOpenChange} words={words} tone="primary" onConfirm={onReject} />;
}
