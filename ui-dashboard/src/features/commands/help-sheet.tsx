"use client";

import { Dialog } from "@/ui/dialog";
import { Keys } from "@/ui/keys";
import { SHORTCUTS } from "./shortcuts";

export default function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onOpenChange={onClose} title="Keyboard shortcuts" description="They rest while you write or answer a dialog. On a Mac, Ctrl is also ⌘.">
      <dl className="flex flex-col gap-2 text-[13px]">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does} className="flex items-center gap-4">
            <dt className="w-20 shrink-0">
              <Keys keys={keys} />
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
