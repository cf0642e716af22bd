import { Activity, BellOff, Boxes, ChartLine, CircleAlert, DatabaseZap, Gamepad2, GraduationCap, HeartPulse, History, ListChecks, type LucideIcon, PencilRuler, Radar, Scale, SlidersHorizontal, Trophy, Waypoints } from "lucide-react";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
import { burningIncidents } from "@/features/cloud/assessment";
import type { CloudState } from "@/features/cloud/cloud-state";

export interface NavigationItem {
  readonly href: string;
  readonly label: string;
  /** Goes there after `g`. */
  readonly letter: string;
  readonly icon: LucideIcon;
  /** Has a place of its own in the menu of a phone; the others are under "More". */
  readonly primary?: boolean;
  /** Begins another part of the menu. */
  readonly apart?: boolean;
  /** How much is waiting there, and how to say it. */
  readonly count?: (state: CloudState) => number;
  readonly countLabel?: string;
}

/** Every page there is, in the order of the menu. A new page is one more entry. */
export const NAVIGATION: readonly NavigationItem[] = [
  { href: "/", label: "Overview", letter: "o", icon: Activity, primary: true },
  { href: "/topology/", label: "Topology", letter: "t", icon: Waypoints, primary: true },
  { href: "/incidents/", label: "Incidents", letter: "i", icon: CircleAlert, primary: true, count: openCount, countLabel: "open" },
  { href: "/actions/", label: "Actions", letter: "a", icon: ListChecks, primary: true, count: pendingCount, countLabel: "waiting" },
  { href: "/explore/", label: "Explore", letter: "e", icon: ChartLine },
  { href: "/sql/", label: "SQL", letter: "q", icon: DatabaseZap },
  { href: "/rules/", label: "Detection", letter: "d", icon: Radar, apart: true },
  { href: "/silences/", label: "Silences", letter: "s", icon: BellOff },
  { href: "/policies/", label: "Policies", letter: "p", icon: Scale },
  { href: "/simulation/", label: "Simulation", letter: "m", icon: SlidersHorizontal, apart: true },
  { href: "/replay/", label: "Time travel", letter: "h", icon: History },
  { href: "/simulations/", label: "Simulations", letter: "u", icon: Boxes },
  { href: "/topology/edit/", label: "Cloud editor", letter: "c", icon: PencilRuler },
  { href: "/game/", label: "Game day", letter: "b", icon: Gamepad2 },
  { href: "/leaderboard/", label: "Leaderboard", letter: "l", icon: Trophy },
  { href: "/grades/", label: "Grades", letter: "r", icon: GraduationCap },
  { href: "/system/", label: "System", letter: "y", icon: HeartPulse },
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

/** Whether a page is the one that is shown. */
export function isCurrent(item: NavigationItem, pathname: string): boolean {
  return pathname.replace(/\/?$/, "/") === item.href;
}
