// Puts the committed reports, and the questions of docs/sql.md, where the pages fetch them: public/reports/, which is part of the export.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const docs = resolve(import.meta.dirname, "../../docs");
const out = resolve(import.meta.dirname, "../public/reports");
const read = (path) => readFileSync(join(docs, path), "utf8");
const write = (name, value) => writeFileSync(join(out, name), JSON.stringify(value));

mkdirSync(out, { recursive: true });

// Single runs are nine tenths of the file, and no page shows them.
const { runs: _, ...grades } = JSON.parse(read("grades/grades.json"));
write("grades.json", grades);
write("benchmark.json", JSON.parse(read("benchmark/report.json")));
write("leaderboard.json", JSON.parse(read("benchmark/leaderboard.json")));
write("questions.json", questions(read("sql.md")));

/** Every section with a query: its title, what is said before the query, and the query. */
function questions(page) {
  return page.split(/^## /m).slice(1).flatMap((section) => {
    const [title, ...rest] = section.split("\n");
    const found = /^([^]*?)```sql\n([^]*?)```/.exec(rest.join("\n"));
    if (!found) return [];
    const about = found[1].replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "").replace(/\s+/g, " ").trim();
    return [{ title: title.trim(), about, statement: found[2].trim() }];
  });
}
