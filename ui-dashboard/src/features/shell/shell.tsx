import { Boxes } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { AutomationBanner } from "@/features/automation/automation-banner";
import { AutomationSwitch } from "@/features/automation/automation-switch";
import { CommandButton, CommandCenter } from "@/features/commands/command-center";
import { GameBar } from "@/features/game/game-bar";
import { OperatorBadge } from "@/features/operator/operator-badge";
import { ControlBar } from "@/features/simulation/control-bar";
import { ThemeToggle } from "@/features/theme/theme-toggle";
import { Announcer } from "./announcer";
import { ConnectionBadge } from "./connection-badge";
import { ConnectionNotice } from "./connection-notice";
import { NavigationBar, NavigationList } from "./navigation-list";
import { Toasts } from "./toasts";

/** The frame around every page: menu, controls of the simulation, state of the connection. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <CommandCenter>
      <div className="flex min-h-dvh">
        <a href="#main" className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
          Skip to the page
        </a>
        <aside className="sticky top-0 hidden h-dvh w-52 shrink-0 flex-col border-r border-line bg-surface lg:flex">
          <Brand />
          <CommandButton />
          <NavigationList className="flex flex-col gap-0.5 px-2 pt-1" />
          <div className="mt-auto flex items-center gap-1 border-t border-line p-2">
            <OperatorBadge />
            <ThemeToggle />
          </div>
        </aside>
        <div className="flex min-w-0 flex-1 flex-col">
          <header className="sticky top-0 z-30 border-b border-line bg-surface">
            <div className="flex h-12 items-center gap-2 px-3 lg:hidden">
              <Brand />
              <div className="ml-auto flex items-center gap-1">
                <ConnectionBadge />
                <CommandButton compact />
                <OperatorBadge compact />
                <ThemeToggle />
              </div>
            </div>
            <div className="flex h-12 items-center gap-3 border-t border-line px-3 lg:border-t-0 lg:px-5">
              <ControlBar />
              <div className="ml-auto flex shrink-0 items-center gap-2">
                <AutomationSwitch />
                <div className="hidden lg:block">
                  <ConnectionBadge />
                </div>
              </div>
            </div>
            <AutomationBanner />
            <GameBar />
          </header>
          <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[1680px] flex-1 p-3 pb-24 outline-none lg:p-5 lg:pb-10">
            {children}
          </main>
          <NavigationBar className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface px-1 pb-[env(safe-area-inset-bottom)] lg:hidden" />
        </div>
        <ConnectionNotice />
        <Announcer />
        <Toasts />
      </div>
    </CommandCenter>
  );
}

function Brand() {
  return (
    <Link href="/" aria-label="Microcloud: overview" className="flex h-12 items-center gap-2 font-semibold tracking-tight lg:px-4">
      <Boxes aria-hidden className="size-[18px] text-accent-ink" />
      Microcloud
    </Link>
  );
}
