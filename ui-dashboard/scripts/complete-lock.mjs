// Adds to package-lock.json the optional packages of other platforms that its dependents name but that the lock lacks.
// A registry mirror may carry only some platforms; npm then leaves the rest out of the lock and `npm ci` refuses it.
// Run it after `npm install` when `npm ci` says "Missing: … from lock file".
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const path = resolve(import.meta.dirname, "../package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const packages = lock.packages;

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "aix"];
const PROCESSORS = { arm64: "arm64", aarch64: "arm64", x64: "x64", ia32: "ia32", arm: "arm", armv7: "arm", loong64: "loong64", mips64el: "mips64el", ppc64: "ppc64", riscv64: "riscv64", s390x: "s390x", wasm32: "wasm32" };

/** Platform of a package by its name (`…-linux-arm64-musl`), or nothing when the name tells none. */
function platformOf(name) {
  const words = name.split("/").pop().split("-");
  const cpu = words.map((word) => PROCESSORS[word]).find(Boolean);
  const os = words.find((word) => SYSTEMS.includes(word));
  if (cpu === undefined || (os === undefined && cpu !== "wasm32")) return undefined;
  const musl = words.some((word) => word.startsWith("musl"));
  const gnu = words.some((word) => word.startsWith("gnu"));
  return { cpu: [cpu], ...(os && { os: [os] }), ...(os === "linux" && (musl || gnu) && { libc: [musl ? "musl" : "glibc"] }) };
}

/** Found as Node finds it: beside the dependent, or in a folder above. */
function isLocked(dependent, name) {
  for (let folder = dependent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === "" || !folder.includes("/node_modules/")) return Boolean(packages[`node_modules/${name}`]);
  }
}

const added = [];
for (const [dependent, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    if (isLocked(dependent, name) || platform === undefined || !/^\d/.test(version)) continue;
    packages[`node_modules/${name}`] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "The lock is complete." : `Added ${added.length}: ${added.join(", ")}`);
