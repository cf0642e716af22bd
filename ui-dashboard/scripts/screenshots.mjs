/**
 * Takes the pictures of docs/images from a stack that runs: every page in both themes.
 *
 *   BASE_URL=http://127.0.0.1:8081 npm run screenshots
 *   BASE_URL=http://127.0.0.1:8081 npm run screenshots -- replay editor    # only these
 *
 * It sets the scenario cascade_failure, waits for an incident and its proposal, says that somebody is on it, and goes from page to page.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./measure/browser.mjs";

const base = process.env.BASE_URL;
if (!base) throw new Error("BASE_URL is not set: start a stack (`microcloud up`) and pass the address it prints.");
const only = process.argv.slice(2);
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

/** What the others are symptoms of, with somebody on it. */
const { incident } = await call("ops.v1.IncidentService/Get", { incidentId: action.incidentId });
const incidentId = incident.symptomOf || incident.id;
await call("ops.v1.IncidentService/Acknowledge", { incidentId, operator: "Ana" });
await call("ops.v1.IncidentService/AddNote", { incidentId, operator: "Ana", text: "payment fills its memory since the release of this morning; a restart should hold until it is rolled back." });

/** A run that is short enough for its marks to be told apart. */
const PAST = "evening";
await fetch(`${base}/sim.v1.SimulationService/Delete`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ simulationId: PAST }) });
await call("sim.v1.SimulationService/Create", { simulationId: PAST, scenario: "cascade_failure", speed: 50, autostart: true });
await until("two minutes of a run", async () => Number((await call("sim.v1.SimulationService/Get", { simulationId: PAST })).simulation.state.tick ?? 0) > 2_400);
await call("sim.v1.SimulationService/Pause", { simulationId: PAST });

/** What is to be seen before a picture is taken, besides a page that loads nothing any more. */
const charts = (count) => async (page) => page.locator("main .uplot canvas").nth(count - 1).waitFor();
const services = async (page) => page.locator(".react-flow__node").nth(10).waitFor();
const text = (words) => async (page) => page.locator("main").getByText(words).first().waitFor();
const card = text(/futures? of chance, seen from/);

const pages = [
  ["overview", "/", charts(4)],
  ["topology", `/topology/?action=${action.id}`, services],
  ["editor", "/topology/edit/?scenario=cascade_failure", async (page) => Promise.all([services(page), text("The engine would take it")(page)])],
  ["incident", `/incidents/?id=${incidentId}`, async (page) => Promise.all([card(page), charts(1)(page)])],
  ["actions", "/actions/", card],
  ["explore", "/explore/?metric=latency_p99", charts(1)],
  ["sql", `/sql/?q=${encodeURIComponent("select * from incident_timeline limit 20")}`, async (page) => {
    await page.keyboard.press("Control+Enter");
    await page.locator("main table tbody tr").nth(5).waitFor();
  }],
  ["rules", "/rules/", text("error_rate_high")],
  ["policies", "/policies/", text("Approval policies")],
  ["simulation", "/simulation/", text("memory_leak")],
  ["replay", "/replay/?at=800", async (page) => Promise.all([services(page), charts(2)(page)])],
  ["simulations", "/simulations/", text("default")],
  ["game", "/game/", text(/Heal the cause/)],
  ["leaderboard", "/leaderboard/", text(/^The agent that ships:/)],
  ["grades", "/grades/", text("error_rate_high")],
  ["system", "/system/", text(/Speed/)],
];

const browser = await launch();
for (const theme of ["dark", "light"]) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: theme });
  await context.addInitScript((chosen) => {
    localStorage.setItem("microcloud.operator", "Ana");
    localStorage.setItem("microcloud.theme", chosen);
  }, theme);
  const page = await context.newPage();
  for (const [name, path, shown] of pages) {
    if (only.length > 0 && !only.includes(name)) continue;
    await page.goto(base + path);
    if (name === "replay") await page.evaluate((id) => sessionStorage.setItem("microcloud.simulation", id), PAST).then(() => page.reload());
    await page.getByTestId("connection").filter({ visible: true }).and(page.locator('[data-state-word="Live"]')).waitFor();
    await shown(page);
    await page.waitForFunction(() => document.querySelectorAll('main [aria-busy="true"]').length === 0);
    await page.evaluate(settled);
    await page.screenshot({ path: `${folder}${name}-${theme}.png` });
    console.log(`${name}-${theme}.png`);
    await page.evaluate(() => sessionStorage.clear());
  }
  await context.close();
}
await browser.close();
await call("sim.v1.SimulationService/Delete", { simulationId: PAST });

/** Two frames after fonts are there and animations are over. */
async function settled() {
  await document.fonts.ready;
  const running = () => document.getAnimations().filter((animation) => animation.playState === "running" && animation.effect?.getComputedTiming().iterations !== Infinity);
  await Promise.all(running().map((animation) => animation.finished.catch(() => undefined)));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
