// Generates the TypeScript messages into a temporary folder and compares them with the committed ones.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");
const committed = join(repository, "ui-dashboard/src/gen");
const scratch = mkdtempSync(join(tmpdir(), "dashboard-gen-"));

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

try {
  cpSync(join(repository, "buf.gen.yaml"), join(scratch, "buf.gen.yaml"));
  execFileSync("buf", ["generate", "--template", join(scratch, "buf.gen.yaml"), "--output", scratch], {
    cwd: repository,
    stdio: "inherit",
  });
  const fresh = join(scratch, "ui-dashboard/src/gen");
  const names = new Set([...filesOf(fresh), ...filesOf(committed)]);
  const read = (folder, name) => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return undefined;
    }
  };
  const stale = [...names].filter((name) => read(fresh, name) !== read(committed, name));
  if (stale.length > 0) {
    console.error(`src/gen does not match proto/ in: ${stale.join(", ")}\nRun \`npm run gen\` in ui-dashboard and commit.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
