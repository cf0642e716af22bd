"use client";

import { Plus } from "lucide-react";
import { type Engine, engineWords, FAMILY_WORDS, type Family, PROFILES, TEMPLATES } from "./catalogue";

/** What is dragged from the palette to the canvas. */
export const ENGINE_TYPE = "application/x-microcloud-engine";

interface PaletteProps {
  readonly onAdd: (engine: Engine) => void;
}

/** The engines that there are: drag one to the canvas, or press it. */
export function Palette({ onAdd }: PaletteProps) {
  return (
    <div role="group" aria-label="Palette" className="flex shrink-0 gap-4 overflow-x-auto border-line px-3 py-2 max-xl:border-b xl:w-57 xl:flex-col xl:overflow-y-auto xl:border-r">
      {(Object.keys(FAMILY_WORDS) as Family[]).map((family) => {
        const profiles = PROFILES.filter((profile) => profile.family === family);
        const names = new Set(profiles.map(({ name }) => name));
        return (
          <section key={family} aria-label={FAMILY_WORDS[family]} className="shrink-0">
            <h3 className="mb-1 text-xs font-medium text-ink-muted">{FAMILY_WORDS[family]}</h3>
            <ul className="flex gap-1 xl:flex-col">
              {profiles.map(({ name }) => (
                <Item key={name} engine={{ kind: "profile", name }} onAdd={onAdd} />
              ))}
              {TEMPLATES.filter(({ profile }) => names.has(profile)).map(({ name, description }) => (
                <Item key={name} engine={{ kind: "template", name }} says={description} onAdd={onAdd} />
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function Item({ engine, says, onAdd }: PaletteProps & { engine: Engine; says?: string }) {
  const words = engineWords(engine.name);
  return (
    <li>
      <button
        type="button"
        draggable
        title={says ?? `The profile ${engine.name}`}
        aria-label={`Add: ${words}`}
        onDragStart={(event) => {
          event.dataTransfer.setData(ENGINE_TYPE, JSON.stringify(engine));
          event.dataTransfer.effectAllowed = "copy";
        }}
        onClick={() => onAdd(engine)}
        className={`flex min-h-7 w-full items-center gap-1.5 rounded-md border bg-surface px-2 text-left text-xs whitespace-nowrap hover:bg-raised ${engine.kind === "template" ? "border-dashed border-line-strong" : "border-line"}`}
      >
        <Plus aria-hidden className="size-3 shrink-0 text-ink-muted" />
        <span className="xl:truncate">{words}</span>
      </button>
    </li>
  );
}
