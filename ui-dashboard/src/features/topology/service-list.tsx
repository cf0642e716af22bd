"use client";

import { type KeyboardEvent, memo, useState } from "react";
import { formatCount } from "@/format/format";
import { severityLook } from "@/features/incidents/severity";
import { Severity } from "@/gen/common/v1/severity_pb";
import { Dot } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { TextInput } from "@/ui/field";
import { useHasFocus, useIsChosen, useServiceMark } from "./map-choice";
import { ROLE_LOOKS } from "./role-look";
import { TONES } from "./standing-tones";
import { useServiceOrder, useServiceVitals } from "./use-vitals";

interface ServiceListProps {
  readonly find: string;
  readonly onFind: (text: string) => void;
  readonly onChoose: (id: string) => void;
}

/** More lines than these are read by nobody; the rest is a click or a few letters away. */
const SHOWN = 60;

/** The map as a list, those in trouble first: the way through it by keyboard and by screen reader. */
export function ServiceList({ find, onFind, onChoose }: ServiceListProps) {
  const order = useServiceOrder();
  const ids = order === "" ? [] : order.split("\n").filter((id) => id.includes(find.trim().toLowerCase()));
  const [all, setAll] = useState(false);
  const shown = all ? ids : ids.slice(0, SHOWN);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="border-b border-line p-2">
        <TextInput type="search" aria-label="Find a service" placeholder="Find a service" value={find} onChange={(event) => onFind(event.target.value)} />
      </div>
      <ul aria-label="Services" onKeyDown={moveFocus} className="min-h-0 flex-1 overflow-y-auto p-1 max-lg:max-h-72">
        {shown.map((id) => (
          <Line key={id} id={id} onChoose={onChoose} />
        ))}
        {shown.length < ids.length && (
          <li className="p-2">
            <Button size="sm" onClick={() => setAll(true)}>
              Show {formatCount(ids.length - shown.length)} more
            </Button>
          </li>
        )}
      </ul>
      {ids.length === 0 && <p className="p-4 text-xs text-ink-muted">{order === "" ? "No services are known." : "No service has that in its name."}</p>}
    </div>
  );
}

const Line = memo(function Line({ id, onChoose }: { id: string; onChoose: (id: string) => void }) {
  const vitals = useServiceVitals(id);
  const mark = useServiceMark(id);
  const chosen = useIsChosen(id);
  const dimmed = useHasFocus() && mark === undefined;
  const severity = vitals?.severity ?? Severity.UNSPECIFIED;
  return (
    <li className="[contain-intrinsic-size:auto_36px] [content-visibility:auto]">
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => onChoose(id)}
        className={cx("flex min-h-9 w-full flex-wrap items-center gap-x-2 rounded-md px-2 py-1 text-left text-[13px] hover:bg-raised", chosen && "bg-raised font-medium", dimmed && "text-ink-muted")}
      >
        <Dot tone={TONES[vitals?.level ?? "unknown"]} />
        <span className="max-w-3/5 min-w-0 truncate">{id}</span>
        <span className="sr-only">{vitals?.health ?? "unknown"}</span>
        {severity !== Severity.UNSPECIFIED && <span className="text-[11px] text-critical">{severityLook(severity).word}</span>}
        <span className="ml-auto text-[11px] text-ink-muted">{vitals?.p99}</span>
        {mark && <span className={cx("w-full pl-4 text-[11px]", ROLE_LOOKS[mark.role].text)}>{mark.words}</span>}
      </button>
    </li>
  );
});

/** Arrow keys go from service to service. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const next = buttons[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
