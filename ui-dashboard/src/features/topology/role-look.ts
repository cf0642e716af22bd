/** How marks look: a frame, and an icon beside the words. */
import { Flame, Radar, type LucideIcon, Activity, ArrowUpFromDot, Wrench } from "lucide-react";
import type { Role } from "./focus";

interface RoleLook {
  readonly frame: string;
  /** The same on a canvas: a colour, and how strong a ring there is around it. */
  readonly drawn: { readonly color: string; readonly ring?: number; readonly dashed?: boolean };
  readonly text: string;
  readonly icon: LucideIcon;
  /** What it means, for the legend. */
  readonly meaning: string;
}

export const ROLE_LOOKS: Readonly<Record<Role, RoleLook>> = {
  suspect: { frame: "border-critical ring-2 ring-critical/40", drawn: { color: "--critical", ring: 0.4 }, text: "text-critical", icon: Radar, meaning: "suspected cause" },
  suffers: { frame: "border-high ring-2 ring-high/30", drawn: { color: "--high", ring: 0.3 }, text: "text-high", icon: Flame, meaning: "suffers" },
  symptom: { frame: "border-warning", drawn: { color: "--warning" }, text: "text-warning", icon: Activity, meaning: "symptom" },
  touched: { frame: "border-accent-ink ring-2 ring-accent-ink/30", drawn: { color: "--accent-ink", ring: 0.3 }, text: "text-accent-ink", icon: Wrench, meaning: "touched" },
  caller: { frame: "border-line-strong border-dashed", drawn: { color: "--line-strong", dashed: true }, text: "text-ink-muted", icon: ArrowUpFromDot, meaning: "calls it: in the blast radius" },
};
