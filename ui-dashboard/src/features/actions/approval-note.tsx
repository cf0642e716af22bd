import { ShieldCheck, Users } from "lucide-react";
import { type Action, ApprovalMode } from "@/gen/ops/v1/action_pb";
import { approvalsSentence } from "./action-words";

/** Whose yes it takes, when that is not simply one person's, and who has said it so far. */
export function ApprovalNote({ action }: { action: Action }) {
  const two = action.approvalMode === ApprovalMode.TWO_PERSON;
  const automatic = action.approvalMode === ApprovalMode.AUTO_APPROVE;
  if (!two && !automatic && action.approvals.length === 0) return null;
  const Icon = automatic ? ShieldCheck : Users;
  return (
    <p className="flex items-start gap-1.5 text-xs text-ink-muted" data-testid="approval-note" title={action.policyReason}>
      <Icon aria-hidden className="mt-px size-3.5 shrink-0" />
      <span className="min-w-0 break-words">
        {approvalsSentence(action)}
        {action.policy !== "" && action.policy !== "default" && ` (policy ${action.policy})`}
      </span>
    </p>
  );
}
