/** Reads a docker-compose file as far as it tells about services, their sizes, and who needs whom. Pure. */
import { formatNames } from "@/format/format";
import { asList, asRecord, asText, type Fields } from "../draft";
import type { Found, Understood } from "./assemble";
import { idFrom } from "./assemble";
import { guessEngine } from "./engines";
import { hostsIn, whoIs } from "./hints";
import { composeGb, cores } from "./quantities";

/** Keys that mean nothing here, and that nobody misses. */
const IMMATERIAL = new Set([
  ..."annotations attach build cap_add cap_drop command configs container_name cpu_shares credential_spec depends_on deploy devices dns domainname entrypoint env_file environment expose external_links extra_hosts healthcheck hostname image init ipc".split(" "),
  ..."isolation labels links logging mem_reservation mem_limit cpus cpu_count memswap_limit networks network_mode pid platform ports privileged profiles pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open".split(" "),
  ..."stop_grace_period stop_signal sysctls tmpfs tty ulimits user userns_mode volumes volumes_from working_dir develop".split(" "),
]);

export function isCompose(value: unknown): boolean {
  const services = asRecord(asRecord(value)["services"]);
  return Object.values(services).some((service) => ["image", "build", "command", "environment", "ports", "extends"].some((key) => key in asRecord(service)));
}

export function readCompose(value: unknown, fileName: string): Understood {
  const file = asRecord(value);
  const notes: string[] = [];
  const written = Object.entries(asRecord(file["services"])).map(([name, service]) => [name, asRecord(service)] as const);
  const finished = new Set(written.flatMap(([, service]) => finishedFirst(service)));
  const jobs = written.filter(([name]) => finished.has(name)).map(([name]) => name);
  if (jobs.length > 0) notes.push(`Left out, as they run once and end: ${formatNames(jobs, 8)}.`);
  const rest = written.filter(([name]) => !finished.has(name));

  const names = new Map<string, string>();
  const ids: string[] = [];
  for (const [name, service] of rest) {
    const id = idFrom(name, ids);
    ids.push(id);
    for (const alias of [name, asText(service["container_name"]), asText(service["hostname"]), ...aliasesOf(service)]) if (alias !== "") names.set(alias, id);
  }
  const services = rest.map(([name, service], i) => readService(ids[i] ?? name, name, service, names));
  note(notes, rest, file);
  return { name: asText(file["name"]) || fileName.replace(/\.(ya?ml|json)$/, ""), services, notes };
}

function readService(id: string, name: string, service: Fields, names: ReadonlyMap<string, string>): Found {
  const deploy = asRecord(service["deploy"]);
  const resources = asRecord(deploy["resources"]);
  const [limits, reservations] = [asRecord(resources["limits"]), asRecord(resources["reservations"])];
  const image = asText(service["image"]);
  const replicas = Number(deploy["replicas"] ?? service["scale"] ?? 1);
  const hints = [...needs(service), ...Object.entries(environment(service)).flatMap(([key, value]) => hostsIn(key, value)), ...words(service["command"]).flatMap((word) => hostsIn("", word))];
  return {
    id,
    image: image === "" ? (service["build"] === undefined ? "" : "built here") : image,
    ...guessEngine(image, name),
    replicas: Number.isInteger(replicas) && replicas > 0 ? replicas : 1,
    cpuCores: cores(limits["cpus"] ?? service["cpus"] ?? service["cpu_count"] ?? reservations["cpus"]),
    memoryGb: composeGb(limits["memory"] ?? service["mem_limit"] ?? reservations["memory"] ?? service["mem_reservation"]),
    open: asList(service["ports"]).length > 0,
    calls: hints.flatMap((hint) => whoIs(hint, names) ?? []),
  };
}

/** `depends_on` and `links`, as lists or maps. */
function needs(service: Fields): string[] {
  const depends = service["depends_on"];
  const listed = Array.isArray(depends) ? asList(depends).map(asText) : Object.keys(asRecord(depends));
  return [...listed, ...asList(service["links"]).map((link) => asText(link).split(":", 1)[0] ?? "")];
}

function finishedFirst(service: Fields): string[] {
  return Object.entries(asRecord(service["depends_on"])).flatMap(([name, how]) => (asRecord(how)["condition"] === "service_completed_successfully" ? [name] : []));
}

/** `KEY: value` and `- KEY=value` say the same. */
function environment(service: Fields): Record<string, string> {
  const given = service["environment"];
  if (!Array.isArray(given)) return Object.fromEntries(Object.entries(asRecord(given)).map(([key, value]) => [key, asText(value)]));
  return Object.fromEntries(asList(given).map((line) => {
    const [key = "", ...value] = asText(line).split("=");
    return [key, value.join("=")];
  }));
}

function aliasesOf(service: Fields): string[] {
  return Object.values(asRecord(service["networks"])).flatMap((network) => asList(asRecord(network)["aliases"]).map(asText));
}

function words(command: unknown): string[] {
  return Array.isArray(command) ? asList(command).map(asText) : asText(command).split(/\s+/);
}

/** Says what was seen and not taken along. */
function note(notes: string[], services: readonly (readonly [string, Fields])[], file: Fields): void {
  const having = (key: string) => services.filter(([, service]) => service[key] !== undefined).map(([name]) => name);
  const told = (key: string, words: string) => {
    const names = having(key);
    if (names.length > 0) notes.push(`${words}: ${formatNames(names, 6)}.`);
  };
  told("extends", "“extends” is not followed; what it brings is missing");
  told("env_file", "Settings in env files are not read; calls that only they tell are missing");
  told("healthcheck", "Health checks do not restart containers in Compose, so that there is no liveness probe");
  told("volumes", "Volumes are not taken along; a store has the disk of its engine");
  const global = services.filter(([, service]) => asRecord(service["deploy"])["mode"] === "global").map(([name]) => name);
  if (global.length > 0) notes.push(`“mode: global” is taken for one replica: ${formatNames(global, 6)}.`);
  const strange = [...new Set(services.flatMap(([, service]) => Object.keys(service).filter((key) => !IMMATERIAL.has(key) && key !== "extends" && !key.startsWith("x-"))))];
  if (strange.length > 0) notes.push(`Not understood: ${formatNames(strange, 8)}.`);
  if (file["include"] !== undefined) notes.push("“include” is not followed; open the other files instead.");
}
