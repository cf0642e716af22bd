import { NODE_HEIGHT, NODE_WIDTH, type Place, type Places } from "./layout";

/** Who stands at a point of the map. */
export function serviceAt(places: Places, { x, y }: Place): string | undefined {
  for (const [id, place] of places) if (x >= place.x && x <= place.x + NODE_WIDTH && y >= place.y && y <= place.y + NODE_HEIGHT) return id;
  return undefined;
}
