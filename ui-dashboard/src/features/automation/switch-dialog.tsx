"use client";

import { ReasonDialog } from "@/ui/reason-dialog";

const ASKED = { hint: "Required. Everybody sees it, and it is kept in the record.", leave: "Leave it" };

const WORDS = {
  pause: {
    ...ASKED,
    title: "Pause automation?",
    description: "Nothing is proposed, approved or begun until somebody resumes it. Approved actions that have not begun are cancelled; what has begun is finished.",
    placeholder: "For example: restarts make it worse",
    confirm: "Pause automation",
  },
  resume: {
    ...ASKED,
    title: "Resume automation?",
    description: "Proposals can be approved again. What was approved before the pause stays cancelled.",
    placeholder: "For example: the cause is known",
    confirm: "Resume automation",
  },
} as const;

interface SwitchDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly paused: boolean;
  readonly onConfirm: (reason: string) => void;
}

/** Whoever meets a pause wants to know why. */
export function SwitchDialog({ open, onOpenChange, paused, onConfirm }: SwitchDialogProps) {
  return (
    <ReasonDialog open={open} onOpenChange={onOpenChange} words={paused ? WORDS.resume : WORDS.pause} tone={paused ? "primary" : "danger"} onConfirm={onConfirm} />
  );
}
