/** Which drill a game of this tab is, and which of its steps were done. Kept for as long as the tab is open. */
import { create } from "zustand";

interface Kept {
  readonly drill: string;
  readonly done: readonly string[];
}

interface DrillStore {
  readonly byGame: Readonly<Record<string, Kept>>;
  readonly note: (gameId: string, steps: readonly string[]) => void;
}

const KEY = "microcloud.drills";

function read(): Readonly<Record<string, Kept>> {
  if (typeof window === "undefined") return {};
  try {
    return JSON.parse(window.sessionStorage.getItem(KEY) ?? "{}") as Record<string, Kept>;
  } catch {
    return {};
  }
}

function keep(byGame: Readonly<Record<string, Kept>>): void {
  window.sessionStorage.setItem(KEY, JSON.stringify(byGame));
}

export const useDrillStore = create<DrillStore>((set) => ({
  byGame: read(),
  note: (gameId, steps) =>
    set(({ byGame }) => {
      const kept = byGame[gameId];
      if (!kept || steps.every((step) => kept.done.includes(step))) return { byGame };
      const next = { ...byGame, [gameId]: { ...kept, done: [...new Set([...kept.done, ...steps])] } };
      keep(next);
      return { byGame: next };
    }),
}));

/** To be called before the page begins anew with the game. */
export function rememberDrill(gameId: string, drill: string): void {
  const byGame = { ...useDrillStore.getState().byGame, [gameId]: { drill, done: [] } };
  useDrillStore.setState({ byGame });
  keep(byGame);
}
