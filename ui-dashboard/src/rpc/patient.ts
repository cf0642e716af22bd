/** For calls that compute for a while. */
import type { Transport } from "@connectrpc/connect";

/** A preview of the largest cloud that is still computed takes some ten seconds, and may have to wait for another one. */
const PATIENCE_MS = 30_000;

/** One for each, so that queries over it keep their keys. */
const patient = new WeakMap<Transport, Transport>();

/** The same transport, which waits longer for an answer. */
export function patiently(transport: Transport): Transport {
  const known = patient.get(transport);
  if (known) return known;
  const waiting: Transport = {
    unary: (method, signal, timeoutMs, ...rest) => transport.unary(method, signal, timeoutMs ?? PATIENCE_MS, ...rest),
    stream: (method, signal, timeoutMs, ...rest) => transport.stream(method, signal, timeoutMs, ...rest),
  };
  patient.set(transport, waiting);
  return waiting;
}
