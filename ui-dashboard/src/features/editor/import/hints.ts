/** Who is meant by what stands in a service's settings. Pure. */

/** Addresses without any word about what they are: these are never somebody else. */
const NOBODY = new Set(["localhost", "127.0.0.1", "0.0.0.0", "true", "false", "http", "https"]);

/**
 * Names that occur as a host in a text: `postgres://app:secret@db:5432/app`, `redis:6379`, `http://api.shop.svc.cluster.local/v1`,
 * `kafka-1:9092,kafka-2:9092`. A bare name counts only where the setting's name says that it is an address.
 */
export function hostsIn(key: string, value: string): string[] {
  const found = [
    ...[...value.matchAll(/[a-z][a-z0-9+.-]*:\/\/(?:[^@/\s]*@)?([A-Za-z0-9._-]+)/gi)].map((match) => match[1]),
    ...[...value.matchAll(/(?:^|[\s,;@=(])([A-Za-z][A-Za-z0-9._-]*):\d{2,5}(?=$|[\s,;/)])/g)].map((match) => match[1]),
    ...(/(HOST|HOSTNAME|SERVER|SERVERS|ADDR|ADDRESS|ENDPOINT|URL|URI|BROKER|BROKERS|UPSTREAM|SERVICE|BACKEND|TARGET)S?$/i.test(key) ? value.split(/[\s,;]+/) : []),
  ];
  return found.flatMap((host) => (host === undefined || host === "" || NOBODY.has(host.toLowerCase()) ? [] : [host]));
}

/** `db.shop.svc.cluster.local` and `db.shop` mean `db`, unless somebody has the longer name. */
export function whoIs(host: string, names: ReadonlyMap<string, string>): string | undefined {
  const bare = host.replace(/:\d+$/, "");
  return names.get(bare) ?? names.get(bare.split(".", 1)[0] ?? "");
}
