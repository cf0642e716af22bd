"use client";

import { useQuery } from "@connectrpc/connect-query";
import { useRouter } from "next/navigation";
import { formatSpeed } from "@/format/format";
import { burningIncidents } from "@/features/cloud/assessment";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { useIsInGame } from "@/features/game/use-in-game";
import { severityLook } from "@/features/incidents/severity";
import { NAVIGATION } from "@/features/shell/navigation";
import { useControl } from "@/features/simulation/use-control";
import { useScenario } from "@/features/simulation/use-scenario";
import { setTheme } from "@/features/theme/theme";
import { ControlService } from "@/gen/sim/v1/control_service_pb";

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly run: () => void;
}

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

const SPEEDS = [1, 10, 100];

/** Everything that can be gone to or done from anywhere. */
export function useCommands(onHelp: () => void): CommandGroup[] {
  const router = useRouter();
  const services = useCalmCloud(({ topology }) => topology?.services.map(({ id }) => id) ?? []);
  const incidents = useCalmCloud((state) => burningIncidents(state.incidents));
  const playing = useCalmCloud(({ simulation }) => simulation?.playing);
  const scenarios = useQuery(ControlService.method.listScenarios).data?.scenarios ?? [];
  const inGame = useIsInGame();
  const scenario = useScenario();
  const play = useControl(ControlService.method.play, "The clock was not started.");
  const pause = useControl(ControlService.method.pause, "The clock was not stopped.");
  const step = useControl(ControlService.method.step, "No step was made.");
  const setSpeed = useControl(ControlService.method.setSpeed, "The speed was not changed.");
  const go = (href: string) => () => router.push(href);
  const clock: Command[] =
    playing === undefined
      ? []
      : playing
        ? [{ id: "pause", label: "Pause the simulation", hint: "", run: () => pause.run({}) }]
        : [
            { id: "play", label: "Play the simulation", hint: "", run: () => play.run({}) },
            { id: "step", label: "Step one tick", hint: "", run: () => step.run({ ticks: 1 }) },
          ];
  return [
    { title: "Pages", commands: NAVIGATION.map(({ href, label, letter }) => ({ id: `page ${href}`, label, hint: `g ${letter}`, run: go(href) })) },
    { title: "Open incidents", commands: incidents.map(({ id, title, severity }) => ({ id: `incident ${id}`, label: title, hint: severityLook(severity).word, run: go(`/incidents/?id=${id}`) })) },
    { title: "Services", commands: services.map((id) => ({ id: `service ${id}`, label: id, hint: "on the map", run: go(`/topology/?service=${encodeURIComponent(id)}`) })) },
    {
      title: "Controls",
      commands: [
        ...clock,
        ...SPEEDS.map((speed) => ({ id: `speed ${speed}`, label: `Speed ${formatSpeed(speed)}`, hint: "", run: () => setSpeed.run({ speed }) })),
        { id: "automation", label: "Pause or resume automation…", hint: "asks for a reason", run: go("/policies/") },
        { id: "light", label: "Light theme", hint: "", run: () => setTheme("light") },
        { id: "dark", label: "Dark theme", hint: "", run: () => setTheme("dark") },
        { id: "help", label: "Keyboard shortcuts", hint: "?", run: onHelp },
      ],
    },
    { title: "Run a scenario", commands: (inGame ? [] : scenarios).map(({ name, description }) => ({ id: `scenario ${name}`, label: name, hint: description, run: () => scenario.run({ scenario: name }) })) },
  ];
}
