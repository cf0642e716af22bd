/** A decision that came too late, in words: who was first, and what became of one's own. */
import { formatAgo, instantMs } from "@/format/format";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
import { statusLook } from "./action-words";
import type { Conflict } from "./conflicts";

const OWN = { approve: "approval", reject: "rejection" } as const;

/** `Ana rejected this 2 s ago: not now.` */
export function whoWasFirst({ action: { status, decidedBy, decidedAt, decisionReason }, tried }: Conflict, now: number): string {
  const at = instantMs(decidedAt);
  const when = at === undefined ? "" : ` ${formatAgo(now - at)}`;
  const why = decisionReason === "" ? "." : `: ${decisionReason}`;
  switch (status) {
    case ActionStatus.PROPOSED:
      return "This proposal has changed since it was shown. Look at it again.";
    case ActionStatus.REJECTED:
      return `${decidedBy || "Somebody"} rejected this${when}${why}`;
    case ActionStatus.EXPIRED:
      return `This proposal expired before your ${OWN[tried]} arrived.`;
    case ActionStatus.SUPERSEDED:
    case ActionStatus.CANCELLED:
      return `This proposal is ${statusLook(status).word.toLowerCase()}${why}`;
    default:
      return decidedBy === "" ? `This action is already ${statusLook(status).word.toLowerCase()}.` : `${decidedBy} approved this${when}.`;
  }
}

/** What that means for the decision of the person who reads it. */
export function whatBecameOfYours({ action: { status }, tried }: Conflict): string {
  const own = `Your ${OWN[tried]} was not counted`;
  switch (status) {
    case ActionStatus.PROPOSED:
      return `${own}.`;
    case ActionStatus.REJECTED:
      return tried === "reject" ? "It stays rejected; your reason was not added." : `${own}: nothing is carried out.`;
    case ActionStatus.EXPIRED:
    case ActionStatus.SUPERSEDED:
    case ActionStatus.CANCELLED:
      return "Nothing is carried out.";
    default:
      return tried === "reject" ? `${own}: the command was on its way.` : "It is carried out once; your approval was not needed.";
  }
}
