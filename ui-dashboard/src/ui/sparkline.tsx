import { cx } from "./class-names";

const WIDTH = 120;
const HEIGHT = 28;
/** More points than this cannot be told apart at the size it has. */
const POINTS = 60;

/** The shape of the last minutes, without axes; the number beside it carries the meaning. */
export function Sparkline({ values, className }: { values: readonly (number | null)[]; className?: string }) {
  return (
    <svg aria-hidden viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={cx("h-7 w-full", className)}>
      <path d={sparklinePath(values)} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}

/** A path that leaves gaps where nothing was measured. The lowest value shown is at least the zero line. */
export function sparklinePath(values: readonly (number | null)[]): string {
  const points = values.slice(-POINTS);
  const known = points.filter((value) => value !== null);
  if (known.length < 2) return "";
  const top = Math.max(...known, Number.MIN_VALUE);
  const bottom = Math.min(...known, 0);
  const step = WIDTH / (points.length - 1);
  let pen = "M";
  return points
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const y = HEIGHT - 1.5 - ((value - bottom) / (top - bottom)) * (HEIGHT - 3);
      const part = `${pen}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
}
