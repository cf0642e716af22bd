import type { Fields, File, Path } from "./draft";
import { type NumberSpec, numberProblem } from "./fields";
import { lineOf, type Part, type Problem } from "./problems";

/** What is found to be wrong with one file. */
export class Findings {
  readonly problems: Problem[] = [];

  constructor(private readonly file: File) {}

  add(part: Part, path: Path, message: string): void {
    this.problems.push({ part, message, file: this.file.path, line: lineOf(this.file, path) });
  }

  numbers(part: Part, path: Path, fields: Fields, specs: readonly NumberSpec[]): void {
    for (const spec of specs) {
      const message = numberProblem(spec, fields[spec.name]);
      if (message !== undefined) this.add(part, [...path, spec.name], message);
    }
  }
}
