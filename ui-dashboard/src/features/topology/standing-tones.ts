import type { Standing } from "@/features/cloud/objectives";
import type { BadgeTone } from "@/ui/badge";

/** How something stands, as a colour of a dot or badge. */
export const TONES: Readonly<Record<Standing, BadgeTone>> = { unknown: "neutral", ok: "ok", warning: "warning", critical: "critical" };

/** Whether something is beyond its objective. */
export const isTroubled = (level: Standing) => level === "warning" || level === "critical";

/** The colour of a call's line by how the callee answers. */
export const CALL_COLORS: Readonly<Record<Standing, string>> = { unknown: "--line-strong", ok: "--line-strong", warning: "--warning", critical: "--critical" };

/** The colour of a service as a block, of its dot and of its bar. */
export const BLOCK_COLORS: Readonly<Record<Standing, string>> = { unknown: "--line-strong", ok: "--ok", warning: "--warning", critical: "--critical" };
