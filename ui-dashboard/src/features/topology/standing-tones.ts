import type { Standing } from "@/features/cloud/objectives";
import type { BadgeTone } from "@/ui/badge";

/** How something stands, as a colour of a dot or badge. */
export const TONES: Readonly<Record<Standing, BadgeTone>> = { unknown: "neutral", ok: "ok", warning: "warning", critical: "critical" };
