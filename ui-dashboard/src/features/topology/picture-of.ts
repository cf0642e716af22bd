import { cssColor } from "@/features/charts/palette";
import type { Standing } from "@/features/cloud/objectives";
import { isOf } from "./call-path";
import type { Mark } from "./focus";
import type { Call, Graph } from "./graph";
import type { Layout } from "./layout";
import type { DrawnCalls, DrawnFrame, DrawnService, Picture } from "./map-picture";
import { ROLE_LOOKS } from "./role-look";
import { BLOCK_COLORS, CALL_COLORS, isTroubled } from "./standing-tones";

export interface Scene {
  readonly graph: Graph;
  readonly layout: Layout;
  /** Of the calls of the graph, in their order. */
  readonly paths: readonly (Path2D | undefined)[];
  readonly serviceLevels: readonly Standing[];
  readonly callLevels: readonly Standing[];
  /** Calls that stand out, with the widths of their lines in px. */
  readonly shown: readonly Call[];
  readonly widths: readonly number[];
  readonly chosen: string | null;
  readonly marks: ReadonlyMap<string, Mark>;
  /** Something is marked, so that whatever is not steps back. */
  readonly focused: boolean;
  /** Services that are drawn elsewhere. */
  readonly except: ReadonlySet<string>;
  /** Families of the font, as in CSS. */
  readonly font: string;
  readonly words: Picture["words"];
}

/** What the map looks like, in the colours of the theme in force. */
export function pictureOf(scene: Scene): Picture {
  const colors = new Map<string, string>();
  const color = (name: string) => {
    const known = colors.get(name) ?? cssColor(name);
    colors.set(name, known);
    return known;
  };
  return { calls: [...faintCalls(scene), ...strongCalls(scene)], services: blocks(scene), frames: frames(scene), lettering: { font: scene.font, color }, words: scene.words };
}

/** Colours are mixed here: lines that cross would be darker there if they could be seen through. */
function mixed(name: string, share: number): string {
  return `color-mix(in srgb, ${cssColor(name)} ${share}%, ${cssColor("--surface")})`;
}

function faintCalls({ paths, callLevels, focused }: Scene): DrawnCalls[] {
  const together = new Map<string, Path2D>();
  paths.forEach((path, i) => {
    if (!path) return;
    const name = CALL_COLORS[callLevels[i] ?? "unknown"];
    const all = together.get(name) ?? new Path2D();
    all.addPath(path);
    together.set(name, all);
  });
  return [...together].map(([name, path]) => ({ path, color: mixed(name, focused ? 15 : 50), opacity: 1 }));
}

function strongCalls({ graph, paths, callLevels, shown, widths, chosen, marks, focused }: Scene): DrawnCalls[] {
  return shown.flatMap((call, i) => {
    const at = graph.calls.indexOf(call);
    const [path, level] = [paths[at], callLevels[at] ?? "unknown"];
    if (!path) return [];
    const troubled = isTroubled(level);
    const ofChosen = isOf(call, chosen);
    const dimmed = focused && !(marks.has(call.from) && marks.has(call.to));
    return [{ path, color: cssColor(ofChosen && !troubled ? "--accent-ink" : CALL_COLORS[level]), width: widths[i], opacity: dimmed ? 0.15 : ofChosen || troubled ? 0.9 : 0.5 }];
  });
}

function blocks({ graph, layout, serviceLevels, marks, focused, except }: Scene): DrawnService[] {
  const fills = new Map<Standing, string>();
  return graph.services.flatMap(({ id }, i) => {
    const place = layout.places.get(id);
    if (!place || except.has(id)) return [];
    const level = serviceLevels[i] ?? "unknown";
    const fill = fills.get(level) ?? mixed(BLOCK_COLORS[level], 60);
    fills.set(level, fill);
    return [{ id, place, fill, dimmed: focused && !marks.has(id) }];
  });
}

function frames({ layout: { places }, marks, chosen, except }: Scene): DrawnFrame[] {
  const drawn: DrawnFrame[] = [];
  for (const [id, { role }] of marks) {
    const place = places.get(id);
    if (!place || except.has(id)) continue;
    const { color: name, ring, dashed = false } = ROLE_LOOKS[role].drawn;
    const color = cssColor(name);
    if (ring !== undefined) drawn.push({ place, color, distance: 1, width: 2, opacity: ring, dashed: false });
    drawn.push({ place, color, distance: -0.5, width: 1, opacity: 1, dashed });
  }
  const place = chosen === null || except.has(chosen) ? undefined : places.get(chosen);
  if (place) drawn.push({ place, color: cssColor("--accent-ink"), distance: 3, width: 2, opacity: 1, dashed: false });
  return drawn;
}
