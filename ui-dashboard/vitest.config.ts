import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Logic runs in plain Node; only components pay for a DOM. */
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  oxc: { jsx: { runtime: "automatic" } },
  test: {
    restoreMocks: true,
    env: { TZ: "UTC" },
    // Only a bound against hanging: a busy machine is no failure.
    testTimeout: 30_000,
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"] } },
      { extends: true, test: { name: "components", environment: "jsdom", include: ["src/**/*.test.tsx"], setupFiles: ["src/testing/setup.ts"] } },
    ],
  },
});
