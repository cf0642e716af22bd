import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { anAction, anIncident, aSample, aSnapshot, aTopology } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { OverviewPage } from "./overview-page";

// The canvas is looked at in a real browser; here only what surrounds it matters.
vi.mock("@/features/charts/time-series-chart", () => ({ TimeSeriesChart: ({ series }: { series: { id: string }[] }) => <p>{`chart of ${series.map(({ id }) => id).join(", ")}`}</p> }));

const measured = aSample(1, { gateway: { request_rate: 1_200, error_rate: 0, latency_p99: 80, cpu_usage: 30 }, orders: { cpu_usage: 91 } });

describe("the overview", () => {
  it("knows nothing at first, and says so", () => {
    renderScene(<OverviewPage />);
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Waiting for the cloud");
    expect(screen.getByRole("status", { name: "Loading services" })).toBeTruthy();
    expect(screen.queryByText(/100 %/)).toBeNull();
  });

  it("shows no data as no data when the engine has not spoken", () => {
    const { cloud } = renderScene(<OverviewPage />);
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: undefined, topology: undefined }) }]));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toContain("No data yet");
    expect(screen.getByText("No services are known")).toBeTruthy();
    const signals = screen.getByRole("region", { name: "Golden signals" });
    expect(within(signals).getAllByText("no data")).toHaveLength(4);
  });

  it("answers whether the cloud is well, with numbers and units", async () => {
    const { cloud } = renderScene(<OverviewPage />);
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics: [measured] }) }]));
    await waitFor(() => expect(screen.getByTestId("headline").dataset.level).toBe("healthy"));
    const signals = screen.getByRole("region", { name: "Golden signals" });
    expect(signals.textContent).toContain("1,200req/s");
    expect(signals.textContent).toContain("busiest: orders");
    const orders = screen.getByTestId("service-orders");
    expect(orders.textContent).toContain("1 of 2");
    expect(within(orders).getAllByText("no data").length).toBeGreaterThan(0);
  });

  it("tells how much of what users may lose was lost, and nothing before it is known", async () => {
    const { cloud } = renderScene(<OverviewPage />);
    const budget = () => screen.getByRole("group", { name: "Error budget" });
    expect(budget().textContent).toContain("no data");
    const failing = (second: number) => aSample(second, { gateway: { request_rate: 1_000, error_rate: 2 } });
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics: [failing(1), failing(2), failing(3)] }) }]));
    await waitFor(() => expect(budget().textContent).toContain("2,000%"));
    expect(budget().dataset.level).toBe("critical");
  });

  it("shows what burns and what waits", async () => {
    const { cloud } = renderScene(<OverviewPage />);
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics: [measured], openIncidents: [anIncident()], pendingActions: [anAction()] }) }]));
    await waitFor(() => expect(screen.getByTestId("headline").dataset.level).toBe("critical"));
    expect(screen.getByRole("link", { name: /orders: error rate 14.2 %/ }).getAttribute("href")).toContain(anIncident().id);
    expect(screen.getByRole("link", { name: /Scale orders up by 2 replicas/ })).toBeTruthy();
  });

  it("marks what it shows as the last known when the connection is gone", async () => {
    const { cloud } = renderScene(<OverviewPage />);
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics: [measured] }) }]));
    act(() => cloud.setConnection({ phase: "disconnected", reason: "The server cannot be reached." }));
    await waitFor(() => expect(screen.getByTestId("headline").textContent).toMatch(/^Last known: The cloud is well/));
  });

  it("shows the chosen services in the charts", async () => {
    const { cloud, user } = renderScene(<OverviewPage />, { url: "?service=gone" });
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics: [measured], topology: aTopology() }) }]));
    const legend = screen.getByRole("group", { name: "Services in the charts" });
    await user.click(await within(legend).findByRole("button", { name: "orders" }));
    expect((await screen.findAllByText("chart of orders")).length).toBe(4);
    await user.click(within(legend).getByRole("button", { name: "Show all" }));
    expect((await screen.findAllByText("chart of gateway, orders")).length).toBe(4);
  });
});
