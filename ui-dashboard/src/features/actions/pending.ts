import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import { instantMs } from "@/format/format";

/** Proposals in the order in which they expire: the most urgent first. */
export function pendingActions(actions: ReadonlyMap<string, Action>): Action[] {
  return [...actions.values()].filter(({ status }) => status === ActionStatus.PROPOSED).sort((a, b) => expiry(a) - expiry(b) || a.id.localeCompare(b.id));
}

function expiry(action: Action): number {
  return instantMs(action.expiresAt) ?? Number.POSITIVE_INFINITY;
}
