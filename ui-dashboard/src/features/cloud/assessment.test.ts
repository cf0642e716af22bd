import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { anIncident, aSample, aTopology } from "@/testing/fixtures";
import { assessCloud, burningIncidents } from "./assessment";
import { History } from "./history";
import { standing } from "./objectives";
import { serviceRows } from "./rows";
import { SampleAssembler } from "./sample";
import { goldenSignals, trafficStatistics } from "./traffic";

const sampleOf = (second: number, services: Record<string, Record<string, number>>) => new SampleAssembler().add(aSample(second, services));
const sample = sampleOf(1, { gateway: { request_rate: 200, error_rate: 10, latency_p99: 120, cpu_usage: 40 }, orders: { cpu_usage: 96 } });
const none = new Map<string, never>();
const incidents = (...list: ReturnType<typeof anIncident>[]) => new Map(list.map((incident) => [incident.id, incident]));
const withHealth = (health: string) => {
  const topology = aTopology();
  for (const service of topology.services) if (service.id === "orders") service.health = health;
  return topology;
};

describe("is the cloud well?", () => {
  it("is unknown before anything is known", () => {
    expect(assessCloud({ topology: undefined, sample: undefined, incidents: none }).level).toBe("unknown");
  });

  it("is unknown, not well, without telemetry or with a health that nobody knows", () => {
    expect(assessCloud({ topology: aTopology(), sample: undefined, incidents: none }).level).toBe("unknown");
    expect(assessCloud({ topology: withHealth("weird"), sample, incidents: none }).level).toBe("unknown");
    expect(assessCloud({ topology: undefined, sample, incidents: none }).level).toBe("unknown");
  });

  it("is well when every service is known to be", () => {
    expect(assessCloud({ topology: aTopology(), sample, incidents: none })).toMatchObject({ level: "healthy", detail: "All 2 services healthy" });
  });

  it("stays well with nothing but information open", () => {
    expect(assessCloud({ topology: aTopology(), sample, incidents: incidents(anIncident({ severity: Severity.INFO })) }).level).toBe("healthy");
  });

  it("is degraded or failing by the worst there is", () => {
    const degraded = assessCloud({ topology: withHealth("degraded"), sample, incidents: incidents(anIncident({ severity: Severity.HIGH })) });
    expect(degraded).toMatchObject({ level: "degraded", detail: "1 service degraded · 1 open incident" });
    expect(assessCloud({ topology: withHealth("down"), sample, incidents: none }).level).toBe("critical");
    expect(assessCloud({ topology: aTopology(), sample: undefined, incidents: incidents(anIncident()) }).level).toBe("critical");
  });

  it("does not count what is resolved, and lists the worst first", () => {
    const list = incidents(anIncident({ id: "w", severity: Severity.WARNING }), anIncident({ id: "r", resolved: true }), anIncident({ id: "c" }));
    expect(burningIncidents(list).map(({ id }) => id)).toEqual(["c", "w"]);
  });

  it("does not count what is silenced, nor its symptoms, and counts a lead whose symptom is", () => {
    const silenced = anIncident({ id: "s", silencedBy: "1" });
    const list = incidents(silenced, anIncident({ id: "t", symptomOf: "s" }), anIncident({ id: "l" }), anIncident({ id: "m", symptomOf: "l", silencedBy: "1" }));
    expect(burningIncidents(list).map(({ id }) => id)).toEqual(["l"]);
    expect(assessCloud({ topology: aTopology(), sample, incidents: incidents(silenced) }).level).toBe("healthy");
  });
});

describe("what burns", () => {
  it("is one cause once its lead is over and its symptoms are not: the worst of them, of these the first", () => {
    const symptom = (id: string, severity: Severity, seconds: number) => anIncident({ id, severity, symptomOf: "lead", detectedAt: timestampFromMs(seconds * 1_000) });
    const lead = anIncident({ id: "lead", resolved: true });
    const list = incidents(lead, symptom("w", Severity.WARNING, 1), symptom("late", Severity.CRITICAL, 9), symptom("first", Severity.CRITICAL, 5), anIncident({ id: "other", severity: Severity.HIGH }));
    expect(burningIncidents(list).map(({ id }) => id)).toEqual(["first", "other"]);
    const silenced = incidents(lead, { ...symptom("first", Severity.CRITICAL, 5), silencedBy: "1" }, symptom("w", Severity.WARNING, 1));
    expect(burningIncidents(silenced).map(({ id }) => id)).toEqual(["w"]);
  });
});

describe("golden signals", () => {
  it("are taken where requests enter, and name the busiest", () => {
    expect(goldenSignals(aTopology(), sample)).toEqual({
      trafficRps: 200,
      errorRatePercent: 10,
      latencyP99Ms: { value: 120, who: "gateway" },
      saturationPercent: { value: 96, who: "orders" },
    });
  });

  it("are absent, not zero, without data", () => {
    const signals = goldenSignals(aTopology(), undefined);
    expect(signals.trafficRps).toBeUndefined();
    expect(signals.errorRatePercent).toBeUndefined();
    expect(signals.saturationPercent).toEqual({ value: undefined, who: "no data" });
  });

  it("know no error rate without traffic", () => {
    const idle = sampleOf(1, { gateway: { request_rate: 0, error_rate: 0 } });
    expect(goldenSignals(aTopology(), idle).errorRatePercent).toBeUndefined();
  });
});

it("traffic statistics add up over the window", () => {
  const history = new History();
  for (let second = 1; second <= 11; second += 1) {
    const next = sampleOf(second, { gateway: { request_rate: second === 5 ? 200 : 100, error_rate: 10 } });
    if (next) history.append(next);
  }
  const statistics = trafficStatistics(history, ["gateway"]);
  expect(statistics).toMatchObject({ windowMs: 10_000, peakRps: 200, meanRps: 110, requests: 1_100 });
  expect(statistics.failed).toBeCloseTo(110);
  expect(trafficStatistics(new History(), ["gateway"]).requests).toBeUndefined();
});

it("a service that is measured but in no topology is listed with unknown health", () => {
  const rows = serviceRows(undefined, sample);
  expect(rows.map(({ id, health }) => [id, health])).toEqual([["gateway", "unknown"], ["orders", "unknown"]]);
});

it("a value stands against its objective, or is unknown", () => {
  expect(standing("error_rate", 5)).toBe("ok");
  expect(standing("error_rate", 5.1)).toBe("warning");
  expect(standing("error_rate", 11)).toBe("critical");
  expect(standing("error_rate", undefined)).toBe("unknown");
  expect(standing("request_rate", 5)).toBe("unknown");
});
