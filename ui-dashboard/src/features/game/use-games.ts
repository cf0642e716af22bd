"use client";

import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { instantMs } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { useOperator } from "@/features/operator/operator-provider";
import { useChosenSimulation } from "@/features/simulation/use-chosen-simulation";
import { type Game, GameService } from "@/gen/ops/v1/game_service_pb";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { patiently } from "@/rpc/patient";
import { chooseSimulation, DEFAULT_SIMULATION } from "@/rpc/simulation";
import { errorSentence } from "@/rpc/transport";
import { rememberDrill } from "./drill-store";
import type { Drill } from "./drills";

/** Others play, too, and no message tells. */
const LOOK_AGAIN_MS = 5_000;
const LIMIT = 200;

/** Games, newest first. */
export function useGames() {
  return useQuery(GameService.method.list, { limit: LIMIT }, { refetchInterval: LOOK_AGAIN_MS });
}

export function isRunning({ finishedAt }: Pick<Game, "finishedAt">): boolean {
  return finishedAt === undefined;
}

/** The game that this tab plays; nothing when its simulation is none. */
export function useTabsGame(): Game | undefined {
  const chosen = useChosenSimulation();
  const { data } = useQuery(GameService.method.list, { limit: LIMIT }, { enabled: chosen !== DEFAULT_SIMULATION, refetchInterval: LOOK_AGAIN_MS });
  return data?.games.find((game) => game.simulationId === chosen && isRunning(game));
}

/** How much of a game is over, simulated seconds; unknown unless it is the one of this tab. */
export function useElapsed({ simulationId }: Pick<Game, "simulationId">): number | undefined {
  return useCalmCloud(({ simulation }) => {
    const [from, now] = [instantMs(simulation?.startedAt), instantMs(simulation?.time)];
    return simulation?.simulationId !== simulationId || from === undefined || now === undefined ? undefined : (now - from) / 1_000;
  });
}

export interface NewGame {
  readonly family: string;
  readonly difficulty: number;
  readonly speed: number;
  /** A guided drill: its scenario is known. */
  readonly drill?: Drill;
}

/** Begins a game in the operator's name, and makes the tab be about it. */
export function useStartGame() {
  const client = createClient(GameService, useTransport());
  const operator = useOperator();
  return useMutation({
    mutationFn: async ({ family, difficulty, speed, drill }: NewGame) => {
      const player = await operator.identify();
      if (player === undefined) return undefined;
      const request = { player, family, difficulty, speed, scenario: drill?.scenario ?? "" };
      const { game } = await client.start({ ...request, idempotencyKey: idempotencyKey(request) });
      return game;
    },
    onSuccess: (game, { drill }) => {
      if (!game) return;
      if (drill) rememberDrill(game.gameId, drill.id);
      chooseSimulation(game.simulationId, "/");
    },
    onError: (cause) => toast.error("The game did not begin.", { description: errorSentence(cause) }),
  });
}

/** Ends a game. It is scored then, which takes some seconds; afterwards the tab shows how it went. */
export function useFinishGame() {
  const client = createClient(GameService, patiently(useTransport()));
  const queries = useQueryClient();
  const chosen = useChosenSimulation();
  return useMutation({
    mutationFn: ({ game, giveUp }: { game: Game; giveUp: boolean }) => client.finish({ gameId: game.gameId, giveUp }),
    onSuccess: (_, { game }) => {
      if (game.simulationId === chosen) chooseSimulation(DEFAULT_SIMULATION, `/game/?id=${game.gameId}`);
      return queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: GameService, cardinality: undefined }) });
    },
    onError: (cause) => toast.error("The game was not finished.", { description: errorSentence(cause) }),
  });
}

interface Watch {
  readonly game: Game;
  readonly player: string;
  /** The one that others are shown beside. */
  readonly own: string | undefined;
}

/** Makes the tab be about what one of the players did, to be looked at moment by moment; beside what the game's own player did. */
export function useWatch() {
  const client = createClient(GameService, patiently(useTransport()));
  return useMutation({
    mutationFn: async ({ game: { gameId }, player, own }: Watch) => {
      const { simulationId } = await client.replay({ gameId, player });
      const beside = own === undefined || own === player ? undefined : await client.replay({ gameId, player: own });
      return { simulationId, beside: beside?.simulationId };
    },
    onSuccess: ({ simulationId, beside }) => chooseSimulation(simulationId, beside === undefined ? "/replay/" : `/replay/?with=${encodeURIComponent(beside)}`),
    onError: (cause) => toast.error("The game cannot be watched.", { description: errorSentence(cause) }),
  });
}
