import { screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { TelemetryAggregate, TelemetryService, type TelemetryServiceQueryRequest } from "@/gen/ops/v1/telemetry_service_pb";
import { aSnapshot, START_MS } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { ExplorePage } from "./explore-page";
import { csvOf, figuresOf, highest } from "./series";

it("asks for exactly what the URL says, and shows the figures", async () => {
  const asked = vi.fn<(request: TelemetryServiceQueryRequest) => void>();
  const { cloud, user } = renderScene(<ExplorePage />, {
    url: "?metric=cpu_usage&kind=node&ids=node-a1&last=900&step=10&aggregate=max",
    routes: ({ service }) =>
      void service(TelemetryService, {
        query: (request) => {
          asked(request);
          return { stepS: 10, series: [{ metric: "cpu_usage", target: { kind: TargetKind.NODE, id: "node-a1" }, timeMs: [BigInt(START_MS), BigInt(START_MS + 10_000)], values: [40, 60], description: { count: 2, standardDeviation: 14, outliers: 1, robustZScore: 2.5, slopePerS: 0.1, trendPValue: 0.01, changes: [{ timeMs: BigInt(START_MS + 10_000), before: 40, after: 60 }] } }] };
        },
        anomalies: () => ({ anomalies: [{ metric: "cpu_usage", target: { kind: TargetKind.NODE, id: "node-a1" }, value: 60, expected: 20, aspect: "long_mean", evidence: 4 }] }),
      }),
  });
  cloud.apply([{ kind: "snapshot", message: aSnapshot() }]);
  expect((await screen.findByRole("button", { name: "node-a1" })).closest("tr")?.textContent).toBe("node-a160%40%50%60%14%12.5+6 % a minute");
  expect(screen.getByRole("region", { name: "Changes" }).textContent).toContain("40 %60 %+20 %");
  expect(await screen.findByText("long mean")).toBeTruthy();
  expect(asked.mock.calls[0]?.[0]).toMatchObject({ metric: "cpu_usage", stepS: 10, aggregate: TelemetryAggregate.MAX, describe: true, targetKind: TargetKind.UNSPECIFIED, targets: [{ kind: TargetKind.NODE, id: "node-a1" }] });
  await user.selectOptions(screen.getByRole("combobox", { name: "Node" }), "all");
  await waitFor(() => expect(asked.mock.lastCall?.[0]).toMatchObject({ targets: [], targetKind: TargetKind.NODE }));
});

it("says that nothing is stored", async () => {
  const { cloud } = renderScene(<ExplorePage />, { routes: ({ service }) => void service(TelemetryService, { query: () => ({}), anomalies: () => ({}) }) });
  cloud.apply([{ kind: "snapshot", message: aSnapshot() }]);
  expect(await screen.findByText("Nothing is stored of that")).toBeTruthy();
});

it("keeps gaps as gaps in figures and files, and no name becomes a formula", () => {
  const series = [
    { id: "a,b", color: 0, timesMs: [START_MS, START_MS + 1_000], values: [1, Number.NaN] },
    { id: "c", color: 1, timesMs: [START_MS + 1_000], values: [2] },
  ];
  expect(figuresOf([Number.NaN])).toEqual({ last: undefined, min: undefined, mean: undefined, max: undefined });
  expect(csvOf("=x", series)).toBe("time,\"'=x a,b\",'=x c\r\n2026-11-21T14:00:00.000Z,1,\r\n2026-11-21T14:00:01.000Z,,2\r\n");
  expect(highest(series, 1).map(({ id }) => id)).toEqual(["c"]);
});
