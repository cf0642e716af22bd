import type { ComponentProps } from "react";
import { cx } from "./class-names";

type Tone = "primary" | "plain" | "quiet" | "danger";

const TONES: Readonly<Record<Tone, string>> = {
  primary: "bg-accent text-on-accent border-transparent hover:brightness-110",
  plain: "bg-surface text-ink border-line hover:bg-raised",
  quiet: "bg-transparent text-ink-muted border-transparent hover:bg-raised hover:text-ink",
  danger: "bg-surface text-critical border-line hover:bg-raised",
};

export interface ButtonProps extends ComponentProps<"button"> {
  readonly tone?: Tone;
  readonly size?: "sm" | "md" | "icon";
  /** The action is under way: the button keeps its width and its focus, and does nothing. */
  readonly busy?: boolean;
}

export function Button({ tone = "plain", size = "md", busy = false, className, type = "button", onClick, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none",
        "transition-colors disabled:cursor-not-allowed disabled:border-line disabled:bg-raised disabled:text-ink-muted",
        size === "sm" && "h-7 px-2 text-xs",
        size === "md" && "h-8 px-3 text-[13px]",
        size === "icon" && "size-8",
        TONES[tone],
        busy && "animate-pulse",
        className,
      )}
      {...rest}
    />
  );
}
