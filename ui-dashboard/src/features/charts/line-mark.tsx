import { seriesVariable } from "./palette";

/** The colour of a line beside its name. A line that is not drawn has none. */
export function LineMark({ color }: { color: number | undefined }) {
  return <span aria-hidden className="h-0.5 w-3 rounded" style={{ background: color === undefined ? "var(--line-strong)" : seriesVariable(color) }} />;
}
