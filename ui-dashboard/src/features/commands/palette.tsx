"use client";

import { Command } from "cmdk";
import * as Radix from "radix-ui/dialog";
import { useCommands } from "./use-commands";

interface PaletteProps {
  readonly onClose: () => void;
  readonly onHelp: () => void;
}

/** Find it and go there, or do it. */
export default function Palette({ onClose, onHelp }: PaletteProps) {
  const groups = useCommands(onHelp);
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/50" />
        <Radix.Content className="fixed inset-x-3 top-[10dvh] z-50 overflow-hidden rounded-lg border border-line bg-surface shadow-2xl outline-none sm:inset-x-auto sm:left-1/2 sm:w-[36rem] sm:-translate-x-1/2">
          <Radix.Title className="sr-only">Find</Radix.Title>
          <Radix.Description className="sr-only">Pages, services, open incidents, scenarios and controls</Radix.Description>
          <Command label="Find" loop>
            <Command.Input placeholder="Find a page, service, incident, scenario or control" className="h-11 w-full border-b border-line bg-transparent px-4 text-[14px] text-ink outline-none placeholder:text-ink-muted" />
            <Command.List className="max-h-[55dvh] overflow-y-auto p-2">
              <Command.Empty className="px-2 py-6 text-center text-[13px] text-ink-muted">Nothing is called that.</Command.Empty>
              {groups
                .filter(({ commands }) => commands.length > 0)
                .map(({ title, commands }) => (
                  <Command.Group key={title} heading={title} className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-muted">
                    {commands.map(({ id, label, hint, run }) => (
                      <Command.Item
                        key={id}
                        value={id}
                        keywords={[label, hint]}
                        onSelect={() => {
                          onClose();
                          run();
                        }}
                        className="flex min-h-8 cursor-pointer items-center gap-3 rounded-md px-2 text-[13px] data-[selected=true]:bg-raised"
                      >
                        <span className="shrink-0">{label}</span>
                        <span className="ml-auto truncate text-xs text-ink-muted">{hint}</span>
                      </Command.Item>
                    ))}
                  </Command.Group>
                ))}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
