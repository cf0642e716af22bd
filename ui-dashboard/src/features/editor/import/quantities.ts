/** Sizes as compose files and Kubernetes write them. Pure. */

const GIB = 1_024 ** 3;
/** Powers of 1024, but for Kubernetes' `M` and `G`, which are powers of 1000. */
const COMPOSE: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1_024, kb: 1_024, m: 1_024 ** 2, mb: 1_024 ** 2, g: GIB, gb: GIB };
const KUBERNETES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1_024, Mi: 1_024 ** 2, Gi: GIB, Ti: 1_024 ** 4 };

/** `512M` in GiB; nothing for what is no size. */
export function composeGb(value: unknown): number | undefined {
  return sizeGb(String(value ?? "").toLowerCase(), COMPOSE);
}

/** `512Mi` in GiB. */
export function kubernetesGb(value: unknown): number | undefined {
  return sizeGb(String(value ?? ""), KUBERNETES);
}

function sizeGb(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit = ""] = /^([\d.]+)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : round((Number(number) * factor) / GIB);
}

/** `500m` or `0.5`, in cores. */
export function cores(value: unknown): number | undefined {
  const [, number, milli] = /^([\d.]+)(m?)$/.exec(String(value ?? "").trim()) ?? [];
  return number === undefined ? undefined : round(Number(number) / (milli === "m" ? 1_000 : 1));
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}
