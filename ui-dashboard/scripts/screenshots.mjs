/**
 * Takes the pictures of docs/images from a stack that runs: every page in both themes.
 *
 *   BASE_URL=http://127.0.0.1:8081 npm run screenshots
 *
 * It sets the scenario cascade_failure, waits for an incident and its proposal, and goes from page to page.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const base = process.env.BASE_URL;
if (!base) throw new Error("BASE_URL is not set: start a stack (`microcloud up`) and pass the address it prints.");
const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));
mkdirSync(folder, { recursive: true });

const call = async (method, body = {}) => {
  const answer = await fetch(`${base}/${method}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method}: ${await answer.text()}`);
  return answer.json();
};
const until = async (what, look) => {
  for (let tries = 0; tries < 120; tries += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 1_000));
  }
  throw new Error(`not within two minutes: ${what}`);
};

await call("sim.v1.ControlService/SetScenario", { scenario: "cascade_failure" });
const action = await until("a proposal", async () => (await call("ops.v1.ActionService/ListPendingActions", { simulationId: "default" })).actions?.[0]);

const pages = [
  ["overview", "/"],
  ["topology", `/topology/?action=${action.id}`],
  ["editor", "/topology/edit/?scenario=cascade_failure"],
  ["incident", `/incidents/?id=${action.incidentId}`],
  ["actions", "/actions/"],
  ["explore", "/explore/?metric=latency_p99"],
  ["sql", `/sql/?q=${encodeURIComponent("select * from incident_timeline limit 20")}`],
  ["rules", "/rules/"],
  ["policies", "/policies/"],
  ["simulation", "/simulation/"],
  ["replay", "/replay/?at=600"],
  ["simulations", "/simulations/"],
  ["game", "/game/"],
  ["leaderboard", "/leaderboard/"],
  ["grades", "/grades/"],
  ["system", "/system/"],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
for (const theme of ["dark", "light"]) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: theme });
  await context.addInitScript((chosen) => {
    localStorage.setItem("microcloud.operator", "Ana");
    localStorage.setItem("microcloud.theme", chosen);
  }, theme);
  const page = await context.newPage();
  for (const [name, path] of pages) {
    await page.goto(base + path);
    await page.getByTestId("connection").filter({ visible: true }).and(page.locator('[data-state-word="Live"]')).waitFor();
    if (name === "sql") await page.keyboard.press("Control+Enter");
    // Charts, maps and looks ahead come a moment later.
    await page.waitForTimeout(name === "actions" || name === "incident" ? 6_000 : 3_000);
    await page.screenshot({ path: `${folder}${name}-${theme}.png` });
    console.log(`${name}-${theme}.png`);
  }
  await context.close();
}
await browser.close();
