/**
 * The same change by the same person on the same version has the same key for as long as the page is open, so that trying
 * again after a lost answer cannot do it twice; anything else has another key.
 */
const keys = new Map<string, string>();

/** `change` is everything that the request says. */
export function idempotencyKey(change: object): string {
  const text = JSON.stringify(change, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  const known = keys.get(text);
  if (known !== undefined) return known;
  const key = `dashboard-${randomHex(16)}`;
  keys.set(text, key);
  return key;
}

/** `crypto.randomUUID` exists on secure origins only; a dashboard on a LAN address is none. */
function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
