/** Colours of series: a service keeps its colour on every chart, by its place in the topology. */
export const SERIES_COLORS = 12;

export function seriesVariable(position: number): string {
  return `var(--series-${(position % SERIES_COLORS) + 1})`;
}

/** The colour as the canvas needs it, in the theme in force. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function seriesColor(position: number): string {
  return cssColor(`--series-${(position % SERIES_COLORS) + 1}`);
}
