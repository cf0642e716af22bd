import { cx } from "./class-names";

interface TabsProps<T extends string> {
  readonly label: string;
  readonly options: readonly T[];
  readonly words: Readonly<Record<T, string>>;
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** A few choices of which one is in force. */
export function Tabs<T extends string>({ label, options, words, value, onChange }: TabsProps<T>) {
  return (
    <div role="group" aria-label={label} className="flex rounded-md bg-raised p-0.5">
      {options.map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => onChange(option)}
          className={cx("h-6 rounded px-2 text-xs font-medium whitespace-nowrap", option === value ? "bg-surface text-ink shadow-card" : "text-ink-muted hover:text-ink")}
        >
          {words[option]}
        </button>
      ))}
    </div>
  );
}
