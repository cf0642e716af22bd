/** Predictions against what came, in words. Pure. */
import { formatCount, formatShare, NO_DATA } from "@/format/format";
import type { Calibration } from "@/gen/ops/v1/action_service_pb";

/** `78 of 96 times (81 %)` */
export function heldWords(held: number, compared: number): string {
  return compared === 0 ? NO_DATA : `${formatCount(held)} of ${formatCount(compared)} times (${formatShare(held / compared)})`;
}

/** `80 % bands held 78 of 96 times (81 %).` */
export function bandSentence({ p99InBand, compared }: Pick<Calibration, "p99InBand" | "compared">): string {
  return `80 % bands held ${heldWords(p99InBand, compared)}.`;
}
