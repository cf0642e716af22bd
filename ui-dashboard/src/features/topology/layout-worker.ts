/** Arranges the map beside the page, which stays quick meanwhile. */
import { arrange, type LayoutRequest } from "./layout";

addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => postMessage(arrange(data)));
