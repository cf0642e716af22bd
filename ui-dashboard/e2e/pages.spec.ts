import { expectAccessible } from "./accessible";
import { expect, openLive, signAs, test } from "./journey";

const PAGES = [
  { path: "/", title: "Microcloud" },
  { path: "/topology/", title: "Topology · Microcloud" },
  { path: "/topology/?view=nodes", title: "Topology · Microcloud" },
  { path: "/incidents/?status=all", title: "Incidents · Microcloud" },
  { path: "/actions/", title: "Actions · Microcloud" },
  { path: "/rules/?rule=error_rate_high", title: "Detection · Microcloud" },
  { path: "/policies/?edit=true", title: "Policies · Microcloud" },
  { path: "/explore/?metric=latency_p99&forecast=true", title: "Explore · Microcloud" },
  { path: "/system/", title: "System · Microcloud" },
  { path: "/silences/?over=true", title: "Silences · Microcloud" },
  { path: "/sql/?q=select+time,+service_id,+metric_value+from+metrics+limit+150", title: "SQL · Microcloud" },
  { path: "/sql/?q=select+nothing", title: "SQL · Microcloud" },
  { path: "/game/", title: "Game day · Microcloud" },
  { path: "/grades/", title: "Grades · Microcloud" },
  { path: "/leaderboard/", title: "Leaderboard · Microcloud" },
  { path: "/simulation/", title: "Simulation · Microcloud" },
  { path: "/replay/?at=20", title: "Time travel · Microcloud" },
  { path: "/replay/?service=checkout&from=0&to=400", title: "Time travel · Microcloud" },
  { path: "/simulations/?add=new", title: "Simulations · Microcloud" },
  { path: "/topology/edit/", title: "Cloud editor · Microcloud" },
  { path: "/topology/edit/?scenario=normal", title: "Cloud editor · Microcloud" },
  { path: "/topology/edit/?service=checkout", title: "Cloud editor · Microcloud" },
  { path: "/topology/edit/?view=nodes", title: "Cloud editor · Microcloud" },
  { path: "/topology/edit/?view=scenario", title: "Cloud editor · Microcloud" },
  { path: "/topology/edit/?view=files", title: "Cloud editor · Microcloud" },
];

const WIDTHS = [
  { name: "wide", viewport: { width: 1440, height: 900 } },
  { name: "phone", viewport: { width: 390, height: 844 } },
];

for (const { name, viewport } of WIDTHS) {
  test(`every page is accessible in both themes and fits, ${name}`, async ({ page }) => {
    // Some twenty pages, on a machine that may be busy.
    test.setTimeout(600_000);
    await signAs(page, "Ana");
    await page.setViewportSize(viewport);
    for (const { path, title } of PAGES) {
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await openLive(page, path);
      await expect(page).toHaveTitle(title);
      await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, `${path} is wider than the screen`).toBeLessThanOrEqual(viewport.width);
      await expectAccessible(page, path);
    }
  });
}

test("the theme can be chosen and is remembered", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await openLive(page, "/");
  const html = page.locator("html");
  await expect(html).toHaveAttribute("data-theme", "light");
  const toggle = page.getByRole("button", { name: /^Theme:/ }).filter({ visible: true });
  await toggle.click();
  await toggle.click();
  await expect(html).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "dark");
});

test("the pages can be walked by keyboard", async ({ page }) => {
  await openLive(page, "/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
});
