import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { check } from "../checks";
import { type Cloud, cloudOf, planOf } from "../cloud";
import { draftOfSketch, SKETCHES } from "../starts";
import { guessEngine } from "./engines";
import { hostsIn } from "./hints";
import { draftOfFiles, NotACloud } from "./open-files";
import { composeGb, cores, kubernetesGb } from "./quantities";

const fixture = (name: string) => ({ name, text: readFileSync(join(resolve(import.meta.dirname, "fixtures"), name), "utf8") });
const calls = (cloud: Cloud) => cloud.calls.map(({ from, to, asynchronous }) => `${from} ${asynchronous ? "~>" : "→"} ${to}`).toSorted();
const service = (cloud: Cloud, id: string) => cloud.services.find((known) => known.id === id);

describe("a compose file", () => {
  const draft = draftOfFiles([fixture("compose-shop.yaml")]);
  const cloud = cloudOf(draft);

  it("becomes a cloud with nothing wrong in it", () => {
    expect(check(draft)).toEqual([]);
    expect(draft.name).toBe("corner-shop");
    expect(cloud.services.map(({ id, engine }) => `${id}: ${engine?.name ?? ""}`)).toEqual([
      "traefik: internal_load_balancer",
      "storefront: small_web_server",
      "api: interpreted_api_server",
      "worker: batch_processor",
      "db: small_postgresql",
      "sessions: redis_cache",
      "search: mongodb",
      "rabbitmq: message_queue",
      "mailpit: small_microservice",
    ]);
  });

  it("has the calls that depends_on and settings tell, and workers behind their queue", () => {
    expect(calls(cloud)).toEqual(["api → db", "api → search", "api → sessions", "api ~> rabbitmq", "rabbitmq ~> worker", "storefront → api", "traefik → api", "traefik → storefront", "worker → db"].toSorted());
  });

  it("has replicas and limits, with throughput in proportion", () => {
    expect(service(cloud, "api")?.fields).toMatchObject({ replicas: 3, specs: { cpu_cores: 1.5, memory_gb: 1, max_throughput: 150 } });
    expect(service(cloud, "worker")?.fields).toMatchObject({ replicas: 2, specs: { cpu_cores: 0.5, memory_gb: 0.5 } });
    expect(service(cloud, "storefront")?.fields).toMatchObject({ replicas: 2, specs: { cpu_cores: 0.5, memory_gb: 0.25 } });
  });

  it("lets traffic in where a port is open to the outside, and not into databases", () => {
    expect(planOf(draft).sources.map(({ service: id }) => id)).toEqual(["traefik"]);
  });

  it("says what was left out and not understood", () => {
    expect(draft.notes.join("\n")).toMatch(/run once and end: migrate/);
    expect(draft.notes.join("\n")).toMatch(/Not understood: credential_magic/);
    expect(draft.notes.join("\n")).toMatch(/env files .*: mailpit/);
    expect(draft.notes.join("\n")).toMatch(/small microservices: mailpit/);
    expect(draft.files["topologies/corner-shop.yaml"]).toContain("# image: postgres:16-alpine");
  });
});

describe("Kubernetes manifests", () => {
  const draft = draftOfFiles([fixture("kubernetes-bank.yaml")]);
  const cloud = cloudOf(draft);

  it("become a cloud with nothing wrong in it", () => {
    expect(check(draft)).toEqual([]);
    expect(cloud.services.map(({ id, engine, fields }) => `${id}: ${engine?.name ?? ""} ${String(fields["replicas"] ?? 1)}`)).toEqual([
      "frontend: small_web_server 2",
      "payments-v2: small_microservice 3",
      "ledger: jvm_application_server 2",
      "risk: small_microservice 1",
      "ledger-db: small_postgresql 1",
    ]);
  });

  it("have the calls that services, settings, config maps and arguments tell, without circles", () => {
    expect(calls(cloud)).toEqual(["frontend → payments-v2", "ledger → ledger-db", "payments-v2 → ledger", "payments-v2 → risk"]);
    expect(draft.notes.join("\n")).toMatch(/close a circle: ledger → payments-v2/);
  });

  it("have the sizes of their pods, probes, and the door of the ingress", () => {
    expect(service(cloud, "frontend")?.fields).toMatchObject({ entry: true, specs: { cpu_cores: 0.6, memory_gb: 0.375 }, liveness: { timeout_ms: 2_000, period_s: 5, failures: 3 } });
    expect(service(cloud, "ledger-db")?.fields).toMatchObject({ specs: { memory_gb: 8 } });
    expect(planOf(draft).sources.map(({ service: id }) => id)).toEqual(["frontend"]);
  });

  it("say what was left out and not understood", () => {
    const notes = draft.notes.join("\n");
    expect(notes).toMatch(/run and end: nightly-report/);
    expect(notes).toMatch(/Not understood: ServiceMonitor/);
    expect(notes).toMatch(/secrets .*: payments-v2/);
    expect(notes).toMatch(/Autoscalers .*: payments/);
  });
});

describe("files of Microcloud", () => {
  const [, tiers] = SKETCHES;
  const { topology, scenario } = tiers ?? expect.fail();

  it("are taken as they are, both together", () => {
    const draft = draftOfFiles([{ name: "three_tiers.yaml", text: topology }, { name: "my run.yaml", text: scenario }]);
    expect(draft.files).toEqual({ "my_run.yaml": scenario, "topologies/three_tiers.yaml": topology });
    expect(check(draft)).toEqual([]);
  });

  it("a topology alone gets a scenario, a scenario alone is told what it needs", () => {
    const draft = draftOfFiles([{ name: "three_tiers.yaml", text: topology }]);
    expect(check(draft)).toEqual([]);
    expect(planOf(draft).sources).toMatchObject([{ service: "balancer" }]);
    expect(() => draftOfFiles([{ name: "three_tiers.yaml", text: scenario }])).toThrow("needs its topology, topologies/three_tiers.yaml: open both files together");
    expect(cloudOf(draft).services).toHaveLength(cloudOf(draftOfSketch(tiers ?? expect.fail())).services.length);
  });

  it("anything else is refused with a sentence", () => {
    for (const text of ["", "hello", "services: {}", "a: [", "kind: Service\napiVersion: v1", "services: {web: 7}"]) expect(() => draftOfFiles([{ name: "x.yaml", text }])).toThrow(NotACloud);
  });
});

it("reads sizes as they are written there", () => {
  expect([composeGb("512M"), composeGb("1.5g"), composeGb("64kb"), composeGb(1_073_741_824), composeGb("lots")]).toEqual([0.5, 1.5, 0.00006104, 1, undefined]);
  expect([kubernetesGb("512Mi"), kubernetesGb("1G"), kubernetesGb("1Ti"), kubernetesGb("")]).toEqual([0.5, 0.9313, 1_024, undefined]);
  expect([cores("250m"), cores(2), cores("0.5"), cores(undefined)]).toEqual([0.25, 2, 0.5, undefined]);
});

it("finds hosts in settings, and only there", () => {
  expect(hostsIn("DATABASE_URL", "postgres://u:p@db:5432/x")).toContain("db");
  expect(hostsIn("BROKERS", "kafka-1:9092,kafka-2:9092")).toEqual(expect.arrayContaining(["kafka-1", "kafka-2"]));
  expect(hostsIn("REDIS_HOST", "cache")).toEqual(["cache"]);
  expect(hostsIn("LOG_LEVEL", "info")).toEqual([]);
  expect(hostsIn("SELF_URL", "http://localhost:3000")).not.toContain("localhost");
});

it("knows engines by image first, where an image says it, and else by name", () => {
  const name = (image: string, id: string) => guessEngine(image, id).engine.name;
  expect(name("postgres:16", "storage")).toBe("small_postgresql");
  expect(name("registry:5000/team/cache:1", "cache")).toBe("redis_cache");
  expect(name("node:20", "gateway")).toBe("public_api_gateway");
  expect(name("", "orders-db")).toBe("small_postgresql");
  expect(name("ghcr.io/x/thing", "thing")).toBe("small_microservice");
});
