"use client";

import { X } from "lucide-react";
import * as Radix from "radix-ui/dialog";
import type { ReactNode } from "react";
import { Button } from "./button";
import { cx } from "./class-names";

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description: ReactNode;
  /** For more than a question. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** A question that must be answered before going on. Escape and a click outside mean "no". */
export function Dialog({ open, onOpenChange, title, description, wide = false, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/50" />
        <Radix.Content
          className={cx(
            "fixed inset-x-3 bottom-3 z-50 max-h-[85dvh] overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-2xl outline-none sm:inset-x-auto sm:bottom-auto sm:left-1/2 sm:-translate-x-1/2",
            wide ? "sm:top-[10dvh] sm:w-[44rem] sm:max-w-[95vw]" : "sm:top-[18dvh] sm:w-[28rem]",
          )}
        >
          <div className="flex items-start gap-3">
            <Radix.Title className="text-[15px] font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button tone="quiet" size="icon" aria-label="Close" className="-mt-1.5 -mr-2 ml-auto">
                <X aria-hidden className="size-4" />
              </Button>
            </Radix.Close>
          </div>
          <Radix.Description className="mt-1 text-[13px] text-ink-muted">{description}</Radix.Description>
          <div className="mt-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
