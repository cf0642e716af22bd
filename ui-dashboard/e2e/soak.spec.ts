import { expect, openLive, test } from "./journey";

const MIB = 1_048_576;
/** The history of the charts grows by a fifth of this in that time; everything else should be as it was. */
const MAX_GROWTH_MIB = 8;

test("a page that stays open keeps its size while samples stream in", async ({ page }) => {
  const session = await page.context().newCDPSession(page);
  const heapMib = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize / MIB;
  };
  await openLive(page, "/");
  await expect(page.locator(".uplot canvas")).toHaveCount(4);
  // What a page makes once, when it opens, is not counted.
  await page.waitForTimeout(15_000);
  const before = await heapMib();
  await page.waitForTimeout(45_000);
  const after = await heapMib();
  expect(after - before, `${before.toFixed(1)} MiB, then ${after.toFixed(1)} MiB`).toBeLessThan(MAX_GROWTH_MIB);
});
