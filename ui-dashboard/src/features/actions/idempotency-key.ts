/**
 * The same decision by the same person on the same version has the same key for as long as the page is open, so that
 * trying again after a lost answer cannot decide twice; anything else has another key.
 */
interface Decision {
  readonly actionId: string;
  readonly operator: string;
  readonly expectedVersion: bigint;
  readonly kind: "approve" | "reject";
  readonly reason?: string;
  readonly replicas?: number;
}

const keys = new Map<string, string>();

export function idempotencyKey({ actionId, operator, expectedVersion, kind, reason = "", replicas = 0 }: Decision): string {
  const decision = [actionId, expectedVersion, kind, operator, replicas, reason].join("\n");
  const known = keys.get(decision);
  if (known !== undefined) return known;
  const key = `dashboard-${randomHex(16)}`;
  keys.set(decision, key);
  return key;
}

/** `crypto.randomUUID` exists on secure origins only; a dashboard on a LAN address is none. */
function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
