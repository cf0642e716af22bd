import { Cell } from "@/ui/table";

/** A score of 100, with a bar to compare by. */
export function ScoreCell({ score, words }: { score: number | null | undefined; words: string }) {
  return (
    <Cell numeric className="font-medium">
      <span className="inline-flex items-center justify-end gap-2">
        <span aria-hidden className="h-1.5 w-16 overflow-hidden rounded-full bg-raised">
          <span className="block h-full rounded-full bg-accent" style={{ width: `${Math.max(0, Math.min(100, score ?? 0))}%` }} />
        </span>
        <span className="min-w-8 text-right">{words}</span>
      </span>
    </Cell>
  );
}
