/** Previews in words: which option is best, how sure that is, and what to say next to Approve. */
import { formatChange, formatCount, formatMetric, formatPercent, formatWholeDuration, plural } from "@/format/format";
import type { Band, BlastRadius, Preview, PreviewOption } from "@/gen/ops/v1/preview_pb";
import { actionTitle } from "@/features/actions/action-words";
import type { BadgeTone } from "@/ui/badge";

/** The unit of cost. */
export const CORE_HOURS = "core h";

/** In more futures than this share, harm is the rule. */
const MOST = 0.5;

export interface Verdict {
  readonly tone: BadgeTone;
  readonly text: string;
}

export function optionTitle({ action }: Pick<PreviewOption, "action">): string {
  return action ? actionTitle({ ...action, replicas: Math.max(1, action.replicas) }) : "Do nothing";
}

export function doingNothing({ options }: Preview): PreviewOption | undefined {
  return options[0];
}

/** The preview of a proposal names it first after doing nothing. */
export function proposed({ options }: Preview): PreviewOption | undefined {
  return options[1];
}

export function best({ options }: Preview): PreviewOption | undefined {
  return options.find(({ rank }) => rank === 1);
}

/** Best first; what would be refused comes last. */
export function ranked({ options }: Preview): PreviewOption[] {
  return [...options].sort((a, b) => (a.rank || Number.POSITIVE_INFINITY) - (b.rank || Number.POSITIVE_INFINITY) || 0);
}

/** What an option costs beyond doing nothing, core hours. */
export function extraCost(option: PreviewOption, nothing: PreviewOption | undefined): number | undefined {
  return option.coreHours && nothing?.coreHours ? option.coreHours.mid - nothing.coreHours.mid : undefined;
}

/** `helps in 7 of 8 futures`. Where an option's futures agreed, so that fewer were computed, they are compared with all of the other side. */
export function certainty(option: PreviewOption, nothing: PreviewOption | undefined): readonly string[] {
  if (!option.action) return [];
  const futures = Math.max(option.futures, nothing?.futures ?? 0);
  const of = (share: number) => `${formatCount(Math.round(share * futures))} of ${plural(futures, "future")}`;
  const told = [option.helps > 0 && `helps in ${of(option.helps)}`, option.harms > 0 && `harms in ${of(option.harms)}`].filter((part) => part !== false);
  return told.length > 0 ? told : [`no difference in ${of(1)}`];
}

/** `2 of 24 replicas` */
export function touched({ replicas, ofReplicas }: BlastRadius): string {
  return `${formatCount(replicas)} of ${plural(ofReplicas, "replica")}`;
}

/** What an operator has to know before saying yes. */
export function verdict(preview: Preview): Verdict {
  const proposal = proposed(preview);
  const [nothing, first] = [doingNothing(preview), best(preview)];
  if (!proposal) return { tone: "neutral", text: "The preview does not hold this proposal." };
  if (proposal.refused !== "") return { tone: "critical", text: `The cloud would refuse it now: ${proposal.refused}` };
  const better = first && first !== proposal ? ` Better: ${optionTitle(first)}${harmed(first.badPct)}.` : "";
  if (proposal.harms > MOST) return { tone: "critical", text: `Probably does harm: ${certainty(proposal, nothing).join(", ")}.${better}` };
  const options = plural(preview.options.filter(({ rank }) => rank > 0).length, "option");
  if (better !== "") return { tone: "warning", text: `Not the best: place ${formatCount(proposal.rank)} of ${options}${harmed(proposal.badPct)}.${better}` };
  if (proposal.helps > 0) return { tone: "ok", text: `Best of ${options}: ${certainty(proposal, nothing).join(", ")}${harmed(proposal.badPct, nothing?.badPct)}.` };
  return { tone: "ok", text: `Best of ${options}: no difference to users, cost ${formatChange(extraCost(proposal, nothing), CORE_HOURS)}.` };
}

/** Why an option, in numbers: what its proposal says unless somebody says more. */
export function reasonFor(option: PreviewOption, nothing: PreviewOption | undefined, horizonS: number): string {
  const parts = [
    option.badPct && `${formatPercent(option.badPct.mid)} of requests fail or are slow over the next ${formatWholeDuration(horizonS)}${nothing?.badPct ? `, ${formatPercent(nothing.badPct.mid)} if nothing is done` : ""}`,
    ...certainty(option, nothing),
    option.p99Ms && `p99 ${formatMetric("latency_p99", option.p99Ms.mid)} at the end`,
    `cost ${formatChange(extraCost(option, nothing), CORE_HOURS)}`,
  ].filter((part) => part !== undefined);
  return `Predicted: ${parts.join("; ")}.`;
}

/** ` (0.2 % of requests fail or are slow, 31 % if nothing is done)` */
function harmed(band: Band | undefined, otherwise?: Band): string {
  if (!band) return "";
  const compared = otherwise ? `, ${formatPercent(otherwise.mid)} if nothing is done` : "";
  return ` (${formatPercent(band.mid)} of requests fail or are slow${compared})`;
}
