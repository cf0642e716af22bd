import { Activity, BellOff, CircleAlert, ListChecks, SlidersHorizontal, type LucideIcon } from "lucide-react";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
import { burningIncidents } from "@/features/cloud/assessment";
import type { CloudState } from "@/features/cloud/cloud-state";

export interface NavigationItem {
  readonly href: string;
  readonly label: string;
  readonly icon: LucideIcon;
  /** How much is waiting there, and how to say it. */
  readonly count?: (state: CloudState) => number;
  readonly countLabel?: string;
}

/** Every page there is, in the order of the menu. A new page is one more entry. */
export const NAVIGATION: readonly NavigationItem[] = [
  { href: "/", label: "Overview", icon: Activity },
  { href: "/incidents/", label: "Incidents", icon: CircleAlert, count: openCount, countLabel: "open" },
  { href: "/actions/", label: "Actions", icon: ListChecks, count: pendingCount, countLabel: "waiting" },
  { href: "/silences/", label: "Silences", icon: BellOff },
  { href: "/simulation/", label: "Simulation", icon: SlidersHorizontal },
];

/** What somebody should look at: symptoms of an open incident go without saying, and what is silenced is not counted. */
function openCount({ incidents }: CloudState): number {
  return burningIncidents(incidents).length;
}

function pendingCount({ actions }: CloudState): number {
  let pending = 0;
  for (const { status } of actions.values()) if (status === ActionStatus.PROPOSED) pending += 1;
  return pending;
}
