/** Lists come from two sides: pages of an RPC, and the stream. Of each thing the newer version is shown, once. */
export function mergeNewer<T extends { readonly id: string }>(listed: readonly T[], live: Iterable<T>, versionOf: (item: T) => bigint): T[] {
  const merged = new Map(listed.map((item) => [item.id, item]));
  for (const item of live) {
    const known = merged.get(item.id);
    if (!known || versionOf(item) >= versionOf(known)) merged.set(item.id, item);
  }
  return [...merged.values()];
}
