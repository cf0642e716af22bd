import { CornerDownRight } from "lucide-react";
import type { ReactNode } from "react";
import { formatChange, formatNames, formatSpread, quantity, quantityText } from "@/format/format";
import type { Band, BlastRadius, Preview, PreviewOption } from "@/gen/ops/v1/preview_pb";
import { Badge } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { certainty, CORE_HOURS, doingNothing, extraCost, optionTitle, ranked, touched } from "./preview-words";

const COLUMNS = [
  { key: "option", label: "Option" },
  { key: "bad", label: "Fail or slow", numeric: true },
  { key: "sure", label: "How sure" },
  { key: "p99", label: "p99 at the end", numeric: true, wraps: true },
  { key: "failing", label: "Failing at the end", numeric: true, wraps: true },
  { key: "broken", label: "Objective broken", numeric: true, wraps: true },
  { key: "cost", label: "Cost to doing nothing", numeric: true, wraps: true },
  { key: "blast", label: "Touches" },
] as const;

interface OptionTableProps {
  readonly preview: Preview;
  readonly proposal?: PreviewOption;
  /** Proposes an option; without it nothing can be proposed any more. */
  readonly onPropose?: (option: PreviewOption) => void;
}

/** Every option beside the others, best first; each that is not proposed can be. */
export function OptionTable({ preview, proposal, onPropose }: OptionTableProps) {
  const nothing = doingNothing(preview);
  return (
    <div className="rounded-md border border-line">
      <Table label="Options, best first" columns={COLUMNS}>
        {ranked(preview).map((option) => {
          const position = preview.options.indexOf(option);
          return <Line key={position} position={position} option={option} nothing={nothing} proposed={option === proposal} words={proposal ? "Do this instead" : "Propose this"} onPropose={onPropose} />;
        })}
      </Table>
    </div>
  );
}

interface LineProps {
  readonly position: number;
  readonly option: PreviewOption;
  readonly nothing: PreviewOption | undefined;
  readonly proposed: boolean;
  /** What the button says. */
  readonly words: string;
  readonly onPropose: OptionTableProps["onPropose"];
}

function Line({ position, option, nothing, proposed, words, onPropose }: LineProps) {
  const title = optionTitle(option);
  return (
    <tr data-testid={`option-${position}`} className={cx("[&>*]:align-top", proposed && "font-medium")}>
      <HeadCell className="min-w-36 max-sm:min-w-44 py-1.5 !whitespace-normal">
        <span className="flex gap-2">
          <span className="w-4 shrink-0 text-right text-ink-muted tabular-nums">
            {option.rank > 0 ? (
              <>
                <span className="sr-only">Place </span>
                {option.rank}
              </>
            ) : (
              "–"
            )}
          </span>
          <span className="min-w-0 break-words">
            {title}
            <span className="flex flex-wrap gap-1 empty:hidden">
              {option.rank === 1 && <Badge tone="ok">Best</Badge>}
              {proposed && <Badge tone="accent">Proposed</Badge>}
            </span>
            {onPropose && option.action && !proposed && option.refused === "" && (
              <button type="button" aria-label={`${words}: ${title}`} onClick={() => onPropose(option)} className="flex min-h-6 items-center gap-1 rounded text-xs font-normal text-accent-ink hover:underline">
                <CornerDownRight aria-hidden className="size-3" />
                {words}
              </button>
            )}
          </span>
        </span>
      </HeadCell>
      {option.refused === "" ? <Outlook option={option} nothing={nothing} /> : <Refused reason={option.refused} />}
    </tr>
  );
}

function Refused({ reason }: { reason: string }) {
  return (
    <td colSpan={COLUMNS.length - 1} className="px-2.5 py-1.5 text-xs text-ink-muted">
      <span className="block max-w-[max(8rem,calc(100cqw-16rem))]">The cloud would refuse it now: {reason}</span>
    </td>
  );
}

function Outlook({ option, nothing }: Pick<LineProps, "option" | "nothing">) {
  const { badPct, p99Ms, errorPct, sloMinutes, coreHours, blastRadius } = option;
  return (
    <>
      <BandCell band={badPct} unit="%" />
      <Sure lines={certainty(option, nothing)} />
      <BandCell band={p99Ms} unit="ms" />
      <BandCell band={errorPct} unit="%" />
      <BandCell band={sloMinutes} unit="min" />
      <TwoLines numeric first={option.action ? formatChange(extraCost(option, nothing), CORE_HOURS) : "–"} second={coreHours && `${quantityText(quantity(coreHours.mid, CORE_HOURS))} in all`} />
      <Touches blast={blastRadius} />
    </>
  );
}

/** The middle future, and under it where eight in ten of them lie. */
function BandCell({ band, unit }: { band: Band | undefined; unit: string }) {
  return <TwoLines numeric first={<Quantity of={quantity(band?.mid, unit)} />} second={band && formatSpread(band.low, band.high)} />;
}

function Sure({ lines: [first = "–", second] }: { lines: readonly string[] }) {
  return <TwoLines wide="min-w-24 max-sm:min-w-28" first={first} second={second} />;
}

function Touches({ blast }: { blast: BlastRadius | undefined }) {
  if (!blast) return <TwoLines first="nothing" />;
  const callers = blast.callers.length === 0 ? "nobody calls it" : `called by ${formatNames(blast.callers)}`;
  return <TwoLines wide="min-w-32 max-sm:min-w-44" first={`${touched(blast)}: ${formatNames(blast.services)}`} second={callers} />;
}

/** Two lines in every cell, so that rows are of one height whatever is in them; more of words in a cell that is so `wide` at least. */
function TwoLines({ first, second, numeric, wide }: { first: ReactNode; second?: string; numeric?: boolean; wide?: string }) {
  return (
    <Cell numeric={numeric} className={cx("py-1.5", wide && `${wide} !whitespace-normal`)}>
      <span className="block">{first}</span>
      <span className="block min-h-4 text-xs font-normal text-ink-muted tabular-nums">{second}</span>
    </Cell>
  );
}
