import type { LaunchOptions } from "@playwright/test";

export const CHROMIUM: Pick<LaunchOptions, "executablePath" | "args">;
