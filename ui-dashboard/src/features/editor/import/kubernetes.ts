/** Reads Kubernetes manifests as far as they tell about workloads, their sizes, and who needs whom. Pure. */
import { formatNames } from "@/format/format";
import { asList, asRecord, asText, type Fields, valueAt } from "../draft";
import { type Found, idFrom, type Understood } from "./assemble";
import { guessEngine } from "./engines";
import { hostsIn, whoIs } from "./hints";
import { cores, kubernetesGb, round } from "./quantities";

const WORKLOADS = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"]);
const JOBS = new Set(["Job", "CronJob"]);
/** Read for what they say about workloads. */
const ABOUT = new Set(["Service", "Ingress", "ConfigMap", "HorizontalPodAutoscaler"]);
/** Nothing is missed without these. */
const IMMATERIAL = new Set(["Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Secret", "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "CustomResourceDefinition"]);
/** Containers that come along with many workloads and are not what these are about. */
const SIDECARS = /istio-proxy|linkerd|envoy-sidecar|fluent|filebeat|promtail|vault-agent|cloud-?sql-?proxy|exporter|otel|jaeger-agent|datadog/;

export function isKubernetes(value: unknown): boolean {
  const object = asRecord(value);
  return typeof object["kind"] === "string" && typeof object["apiVersion"] === "string";
}

interface Workload {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly object: Fields;
  readonly pod: Fields;
  readonly labels: Fields;
}

export function readKubernetes(values: readonly unknown[], fileName: string): Understood {
  const objects = values.flatMap((value) => (asText(asRecord(value)["kind"]).endsWith("List") ? asList(asRecord(value)["items"]) : [value])).map(asRecord);
  const of = (kind: string) => objects.filter((object) => object["kind"] === kind);
  const workloads = workloadsOf(objects);
  const names = new Map(workloads.map(({ name, id }) => [name, id]));
  const open = new Set<string>();
  for (const service of of("Service")) {
    const target = workloads.find(({ labels }) => selects(asRecord(asRecord(service["spec"])["selector"]), labels));
    if (!target) continue;
    names.set(nameOf(service), target.id);
    if (["LoadBalancer", "NodePort"].includes(asText(asRecord(service["spec"])["type"]))) open.add(target.id);
  }
  for (const ingress of of("Ingress")) for (const backend of backendsOf(ingress)) open.add(names.get(backend) ?? "");
  const configs = new Map(of("ConfigMap").map((config) => [nameOf(config), asRecord(config["data"])]));
  const least = new Map(of("HorizontalPodAutoscaler").map(({ spec }) => [asText(valueAt(spec, ["scaleTargetRef", "name"])), Number(asRecord(spec)["minReplicas"] ?? 1)]));
  const services = workloads.map((workload) => readWorkload(workload, { names, open, configs, least }));
  return { name: fileName.replace(/\.(ya?ml|json)$/, ""), services, notes: notesOf(objects, workloads, configs) };
}

interface Surroundings {
  readonly names: ReadonlyMap<string, string>;
  readonly open: ReadonlySet<string>;
  readonly configs: ReadonlyMap<string, Fields>;
  readonly least: ReadonlyMap<string, number>;
}

function readWorkload({ id, name, object, pod }: Workload, { names, open, configs, least }: Surroundings): Found {
  const containers = asList(pod["containers"]).map(asRecord);
  const main = containers.find((container) => !SIDECARS.test(`${asText(container["name"])} ${asText(container["image"])}`)) ?? containers[0] ?? {};
  const image = asText(main["image"]);
  const settings = containers.flatMap((container) => [...environment(container, configs), ...asList(container["args"]).concat(asList(container["command"])).map((word) => ["", asText(word)] as const)]);
  const replicas = Number(asRecord(object["spec"])["replicas"] ?? least.get(name) ?? 1);
  const liveness = probe(asRecord(main["livenessProbe"]));
  return {
    id,
    image,
    ...guessEngine(image, name),
    replicas: Number.isInteger(replicas) && replicas > 0 ? replicas : 1,
    cpuCores: added(containers, "cpu", cores),
    memoryGb: added(containers, "memory", kubernetesGb),
    open: open.has(id),
    ...(liveness && { liveness }),
    calls: settings.flatMap(([key, value]) => hostsIn(key, value)).flatMap((host) => whoIs(host, names) ?? []),
  };
}

function workloadsOf(objects: readonly Fields[]): Workload[] {
  const ids: string[] = [];
  return objects.flatMap((object) => {
    const kind = asText(object["kind"]);
    const spec = asRecord(object["spec"]);
    if (!WORKLOADS.has(kind)) return [];
    const id = idFrom(nameOf(object), ids);
    ids.push(id);
    const template = kind === "Pod" ? object : asRecord(spec["template"]);
    return [{ id, name: nameOf(object), kind, object, pod: kind === "Pod" ? spec : asRecord(template["spec"]), labels: asRecord(valueAt(template, ["metadata", "labels"])) }];
  });
}

function nameOf(object: Fields): string {
  return asText(valueAt(object, ["metadata", "name"]));
}

/** An empty selector selects nothing. */
function selects(selector: Fields, labels: Fields): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function backendsOf({ spec }: Fields): string[] {
  const paths = asList(asRecord(spec)["rules"]).flatMap((rule) => asList(valueAt(rule, ["http", "paths"])));
  const backends = [asRecord(spec)["defaultBackend"], ...paths.map((path) => asRecord(path)["backend"])];
  return backends.map((backend) => asText(valueAt(backend, ["service", "name"])) || asText(asRecord(backend)["serviceName"])).filter((name) => name !== "");
}

/** Values that stand there, and those of config maps. */
function environment(container: Fields, configs: ReadonlyMap<string, Fields>): (readonly [string, string])[] {
  const own = asList(container["env"]).map((entry) => {
    const { name, value } = asRecord(entry);
    const reference = asRecord(valueAt(entry, ["valueFrom", "configMapKeyRef"]));
    return [asText(name), asText(value ?? configs.get(asText(reference["name"]))?.[asText(reference["key"])])] as const;
  });
  const whole = asList(container["envFrom"]).flatMap((entry) => Object.entries(configs.get(asText(valueAt(entry, ["configMapRef", "name"]))) ?? {}).map(([key, value]) => [key, asText(value)] as const));
  return [...own, ...whole];
}

/** What all containers of a pod may take: its limits, else its requests. */
function added(containers: readonly Fields[], resource: string, read: (value: unknown) => number | undefined): number | undefined {
  const each = containers.map((container) => read(valueAt(container, ["resources", "limits", resource]) ?? valueAt(container, ["resources", "requests", resource])));
  const known = each.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : round(known.reduce((sum, value) => sum + value, 0));
}

function probe(liveness: Fields): Record<string, number> | undefined {
  if (Object.keys(liveness).length === 0) return undefined;
  const number = (key: string, usual: number) => (typeof liveness[key] === "number" && liveness[key] > 0 ? liveness[key] : usual);
  return { timeout_ms: number("timeoutSeconds", 1) * 1_000, period_s: number("periodSeconds", 10), failures: number("failureThreshold", 3) };
}

/** Says what was seen and not taken along. */
function notesOf(objects: readonly Fields[], workloads: readonly Workload[], configs: ReadonlyMap<string, Fields>): string[] {
  const notes: string[] = [];
  const jobs = objects.filter(({ kind }) => JOBS.has(asText(kind))).map(nameOf);
  if (jobs.length > 0) notes.push(`Left out, as they run and end: ${formatNames(jobs, 8)}.`);
  const daemons = workloads.filter(({ kind }) => kind === "DaemonSet").map(({ name }) => name);
  if (daemons.length > 0) notes.push(`A DaemonSet is taken for one replica: ${formatNames(daemons, 8)}.`);
  const scaled = objects.filter(({ kind }) => kind === "HorizontalPodAutoscaler").map(nameOf);
  if (scaled.length > 0) notes.push(`Autoscalers are not taken along; agents scale here: ${formatNames(scaled, 6)}.`);
  const missing = workloads.filter(({ pod }) => asList(pod["containers"]).some((container) => refersElsewhere(asRecord(container), configs))).map(({ name }) => name);
  if (missing.length > 0) notes.push(`Settings from secrets or from config maps that are not here are unknown; calls that only they tell are missing: ${formatNames(missing, 6)}.`);
  const strange = [...new Set(objects.map(({ kind }) => asText(kind)))].filter((kind) => ![WORKLOADS, JOBS, ABOUT, IMMATERIAL].some((known) => known.has(kind)));
  if (strange.length > 0) notes.push(`Not understood: ${formatNames(strange, 8)}.`);
  return notes;
}

function refersElsewhere(container: Fields, configs: ReadonlyMap<string, Fields>): boolean {
  const sources = [...asList(container["env"]).map((entry) => asRecord(asRecord(entry)["valueFrom"])), ...asList(container["envFrom"]).map(asRecord)];
  return sources.some((source) => {
    const config = asRecord(source["configMapKeyRef"] ?? source["configMapRef"])["name"];
    return source["secretKeyRef"] !== undefined || source["secretRef"] !== undefined || (config !== undefined && !configs.has(asText(config)));
  });
}
