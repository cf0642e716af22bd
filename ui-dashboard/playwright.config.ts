import { defineConfig } from "@playwright/test";
import { CHROMIUM } from "./scripts/chromium.mjs";

const baseURL = process.env.BASE_URL;
if (!baseURL) throw new Error("BASE_URL is not set: start a stack (`microcloud up`) and pass the address it prints.");

/** The journeys drive a real stack through the system's Chromium; nothing is started or downloaded from here. */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  snapshotPathTemplate: "e2e/looks/{arg}{ext}",
  timeout: 240_000,
  // A stack that is beyond help costs every journey its whole timeout: rather an answer in time.
  globalTimeout: 45 * 60_000,
  expect: { timeout: 15_000, toHaveScreenshot: { maxDiffPixelRatio: 0.035, threshold: 0.03 } },
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    baseURL,
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: CHROMIUM,
  },
});
