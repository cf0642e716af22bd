/** The words of a service on a canvas, placed as in the element that a small map has for it. */
import type { Standing } from "@/features/cloud/objectives";
import { NODE_WIDTH, type Place } from "./layout";
import { BLOCK_COLORS } from "./standing-tones";
import type { ServiceVitals } from "./vitals";

export interface Icon {
  /** In a square of 24 px. */
  readonly path: Path2D;
  /** Variable of the theme. */
  readonly color: string;
}

export interface ServiceWords {
  readonly name: string;
  readonly vitals: ServiceVitals | undefined;
  /** After the name. */
  readonly icons: readonly Icon[];
  /** At the right edge. */
  readonly alarm: Icon | undefined;
}

export interface Lettering {
  /** Families, as in CSS. */
  readonly font: string;
  /** The colour of a variable of the theme. */
  readonly color: (name: string) => string;
}

const PAD = 9.75;
const GAP = 5.25;
/** Middles of the three rows. */
const [NAME_Y, FIGURES_Y, LOAD_Y] = [15, 35.5, 55.5];
const DOT = 7;
const ICON = 12.25;
const INNER = NODE_WIDTH - 2 * PAD;
const TEXT: Readonly<Record<Standing, string>> = { unknown: "--ink-muted", ok: "--ink-muted", warning: "--warning", critical: "--critical" };
const BOLD = { unknown: 400, ok: 400, warning: 500, critical: 500 } as const;

export function paintWords(context: CanvasRenderingContext2D, { x, y }: Place, words: ServiceWords, lettering: Lettering): void {
  const { color, font } = lettering;
  const { vitals } = words;
  const [left, right] = [x + PAD, x + NODE_WIDTH - PAD];
  context.textBaseline = "middle";
  paintName(context, left, right, y + NAME_Y, words, lettering);
  if (!vitals) return;

  const rateWidth = write(context, vitals.rate, left, y + FIGURES_Y, `400 10.5px ${font}`, color("--ink-muted"));
  context.textAlign = "right";
  const errorsWidth = write(context, vitals.errors, right, y + FIGURES_Y, `${BOLD[vitals.errorLevel]} 10.5px ${font}`, color(TEXT[vitals.errorLevel]));
  context.textAlign = "center";
  write(context, vitals.p99, left + (INNER + rateWidth - errorsWidth) / 2, y + FIGURES_Y, `${BOLD[vitals.p99Level]} 10.5px ${font}`, color(TEXT[vitals.p99Level]));

  context.textAlign = "right";
  const replicasWidth = write(context, vitals.replicas, right, y + LOAD_Y, `${vitals.short ? 500 : 400} 11px ${font}`, color(vitals.short ? "--warning" : "--ink-muted"));
  context.textAlign = "left";
  const bar = INNER - replicasWidth - 7;
  context.fillStyle = color("--raised");
  context.fillRect(left, y + LOAD_Y - 1.75, bar, 3.5);
  if (vitals.load === undefined) return;
  context.fillStyle = color(BLOCK_COLORS[vitals.loadLevel]);
  context.fillRect(left, y + LOAD_Y - 1.75, (bar * vitals.load) / 100, 3.5);
}

function paintName(context: CanvasRenderingContext2D, left: number, right: number, middle: number, { name, vitals, icons, alarm }: ServiceWords, { color, font }: Lettering): void {
  context.fillStyle = color(BLOCK_COLORS[vitals?.level ?? "unknown"]);
  context.beginPath();
  context.arc(left + DOT / 2, middle, DOT / 2, 0, 2 * Math.PI);
  context.fill();
  context.textAlign = "left";
  const from = left + DOT + GAP;
  const room = right - from - (icons.length + (alarm ? 1 : 0)) * (ICON + GAP);
  context.font = `500 12.25px ${font}`;
  const width = write(context, shortened(context, name, room), from, middle, context.font, color("--ink"));
  icons.forEach((icon, i) => paintIcon(context, icon, from + width + GAP + i * (ICON + GAP), middle, color));
  if (alarm) paintIcon(context, alarm, right - ICON, middle, color);
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, font: string, color: string): number {
  context.font = font;
  context.fillStyle = color;
  context.fillText(text, x, y);
  return context.measureText(text).width;
}

function paintIcon(context: CanvasRenderingContext2D, { path, color: name }: Icon, left: number, middle: number, color: Lettering["color"]): void {
  context.save();
  context.translate(left, middle - ICON / 2);
  context.scale(ICON / 24, ICON / 24);
  context.lineWidth = 2;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = color(name);
  context.stroke(path);
  context.restore();
}

/** With an ellipsis where there is no room for all of it. */
export function shortened(context: Pick<CanvasRenderingContext2D, "measureText">, text: string, room: number): string {
  const { width } = context.measureText(text);
  if (width <= room) return text;
  let length = Math.floor((text.length * room) / width);
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** The lines of an icon that is rendered as SVG. */
export function iconPath(svg: Element): Path2D {
  const all = new Path2D();
  for (const element of svg.children) {
    const of = (name: string) => Number(element.getAttribute(name));
    const path = new Path2D(element.getAttribute("d") ?? "");
    if (element.tagName === "circle") path.arc(of("cx"), of("cy"), of("r"), 0, 2 * Math.PI);
    if (element.tagName === "line") {
      path.moveTo(of("x1"), of("y1"));
      path.lineTo(of("x2"), of("y2"));
    }
    all.addPath(path);
  }
  return all;
}
