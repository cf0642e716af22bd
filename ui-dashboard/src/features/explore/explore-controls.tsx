"use client";

import type { inferParserType } from "nuqs";
import { formatWholeDuration, isMetricName, METRICS } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import { Field, Select } from "@/ui/field";
import { Tabs } from "@/ui/tabs";
import { AGGREGATE_NAMES, AGGREGATES, type EXPLORE_PARAMS, type Kind, KINDS, LAST_S, STEPS_S } from "./explore-params";

type Params = inferParserType<typeof EXPLORE_PARAMS>;

const KIND_WORDS: Readonly<Record<Kind, string>> = { service: "Services", node: "Nodes" };
/** Of the others there are no forecasts. */
const FORECAST = new Set(["cpu_usage", "memory_usage", "disk_usage"]);

export function ExploreControls({ params, set }: { params: Params; set: (change: Partial<Params>) => void }) {
  const { metric, kind, ids, last, step, aggregate, anomalies, forecast } = params;
  const topology = useCloud((state) => state.topology);
  const targets = (kind === "node" ? topology?.nodes : topology?.services)?.map(({ id }) => id) ?? [];
  return (
    <div role="group" aria-label="What is shown" className="flex flex-wrap items-end gap-3">
      <Field label="Metric">
        <Select value={metric} onChange={({ target: { value } }) => isMetricName(value) && set({ metric: value })}>
          {Object.entries(METRICS).map(([name, { label, unit }]) => (
            <option key={name} value={name}>
              {label}, {unit}
            </option>
          ))}
        </Select>
      </Field>
      <Tabs label="Of" options={KINDS} words={KIND_WORDS} value={kind} onChange={(next) => set({ kind: next, ids: [] })} />
      <Field label={kind === "node" ? "Node" : "Service"}>
        <Select className="w-44" value={ids.length === 1 ? ids[0] : ids.length === 0 ? "" : "several"} onChange={({ target: { value } }) => set({ ids: value === "" ? [] : [value] })}>
          <option value="">all</option>
          {ids.length > 1 && <option value="several">{ids.length} chosen</option>}
          {ids.length === 1 && ids[0] !== undefined && !targets.includes(ids[0]) && <option value={ids[0]}>{ids[0]}</option>}
          {targets.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Last">
        <Select value={last} onChange={({ target: { value } }) => set({ last: Number(value), from: null, to: null })}>
          {[...new Set([...LAST_S, last])].map((option) => (
            <option key={option} value={option}>
              {formatWholeDuration(option)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Step">
        <Select value={step} onChange={({ target: { value } }) => set({ step: Number(value) })}>
          {[...new Set([...STEPS_S, step])].map((option) => (
            <option key={option} value={option}>
              {option === 0 ? "as fits" : formatWholeDuration(option)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Each point is the">
        <Select value={aggregate} onChange={({ target: { value } }) => set({ aggregate: AGGREGATE_NAMES.find((name) => name === value) })}>
          {AGGREGATE_NAMES.map((name) => (
            <option key={name} value={name}>
              {AGGREGATES[name].word}
            </option>
          ))}
        </Select>
      </Field>
      <label className="flex h-8 items-center gap-2 text-[13px]">
        <input type="checkbox" checked={anomalies} onChange={({ target: { checked } }) => set({ anomalies: checked })} />
        Anomalies
      </label>
      <label className="flex h-8 items-center gap-2 text-[13px]" title={FORECAST.has(metric) ? undefined : "CPU, memory and disk are forecast"}>
        <input type="checkbox" checked={forecast} disabled={!FORECAST.has(metric)} onChange={({ target: { checked } }) => set({ forecast: checked })} />
        Forecast
      </label>
    </div>
  );
}
