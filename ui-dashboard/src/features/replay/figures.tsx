import { formatChange, formatCount, type MetricName, METRICS, metricQuantity, NO_DATA, quantity, type Quantity as Value } from "@/format/format";
import { type Standing, standing } from "@/features/cloud/objectives";
import { cx } from "@/ui/class-names";
import { Quantity } from "@/ui/quantity";
import type { Moment } from "./moment";

interface Figure {
  readonly value: number | undefined;
  readonly text: Value;
  readonly level: Standing;
  readonly note: string;
}

interface Measure {
  readonly label: string;
  readonly unit: string;
  readonly of: (moment: Moment) => Figure;
}

const TEXT: Readonly<Record<Standing, string>> = { unknown: "", ok: "", warning: "text-warning", critical: "text-critical" };

const metric = (name: MetricName, value: number | undefined, note: string): Figure => ({ value, text: metricQuantity(name, value), level: standing(name, value), note });

const MEASURES: readonly Measure[] = [
  { label: "Requests of users", unit: METRICS.request_rate.unit, of: ({ signals }) => metric("request_rate", signals.trafficRps, "where traffic enters") },
  { label: "Errors", unit: METRICS.error_rate.unit, of: ({ signals }) => metric("error_rate", signals.errorRatePercent, "of those") },
  { label: "Latency, p99", unit: METRICS.latency_p99.unit, of: ({ signals: { latencyP99Ms } }) => metric("latency_p99", latencyP99Ms.value, latencyP99Ms.who === NO_DATA ? "where traffic enters" : `worst: ${latencyP99Ms.who}`) },
  {
    label: "Services not well",
    unit: "",
    of: ({ unwell, topology }) => ({ value: unwell, text: unwell === undefined ? quantity(undefined, "") : { value: formatCount(unwell), unit: `of ${formatCount(topology.services.length)}` }, level: unwell === undefined ? "unknown" : unwell > 0 ? "warning" : "ok", note: "errors, p99 or replicas" }),
  },
];

export interface NamedMoment {
  readonly name: string;
  /** Nothing when the run has not come that far. */
  readonly moment: Moment | undefined;
}

/** How users fared at the moment; of two runs beside each other, with the difference. */
export function Figures({ moments }: { moments: readonly NamedMoment[] }) {
  return (
    <section aria-label="At this moment" className="grid grid-cols-2 gap-3 lg:grid-cols-4 lg:gap-4">
      {MEASURES.map((measure) => (
        <div key={measure.label} className="min-w-0 rounded-lg border border-line bg-surface p-3.5 shadow-card">
          <h2 className="text-xs font-medium text-ink-muted">{measure.label}</h2>
          {moments.length > 1 ? <Two measure={measure} moments={moments} /> : <One figure={moments[0]?.moment && measure.of(moments[0].moment)} />}
        </div>
      ))}
    </section>
  );
}

function One({ figure }: { figure: Figure | undefined }) {
  return (
    <>
      <p className={cx("mt-1 truncate text-xl leading-8 font-semibold tracking-tight", TEXT[figure?.level ?? "unknown"])}>
        <Quantity of={figure?.text ?? quantity(undefined, "")} unitClassName="ml-1.5 text-[13px] font-normal tracking-normal" />
      </p>
      <p className="truncate text-xs text-ink-muted">{figure?.note}</p>
    </>
  );
}

function Two({ measure, moments }: { measure: Measure; moments: readonly NamedMoment[] }) {
  const figures = moments.map(({ name, moment }) => ({ name, figure: moment && measure.of(moment) }));
  const [first, second] = figures.map(({ figure }) => figure?.value);
  return (
    <>
      <dl className="mt-1 flex flex-col gap-0.5 text-[13px]">
        {figures.map(({ name, figure }, i) => (
          <div key={i} className="flex items-baseline gap-2">
            <dt className="min-w-0 truncate text-xs text-ink-muted">{name}</dt>
            <dd className={cx("ml-auto font-semibold", TEXT[figure?.level ?? "unknown"])}>{figure ? <Quantity of={figure.text} /> : <span className="text-xs font-normal whitespace-nowrap text-ink-muted">is over</span>}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-1 border-t border-line pt-1 text-right text-xs text-ink-muted">{first === undefined || second === undefined ? "no difference known" : formatChange(first - second, measure.unit)}</p>
    </>
  );
}
