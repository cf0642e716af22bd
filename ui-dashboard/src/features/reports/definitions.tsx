import { Card } from "@/ui/card";

/** What the numbers of a page mean, in words. */
export function Definitions({ id, title, words }: { id?: string; title: string; words: readonly (readonly [string, string])[] }) {
  return (
    <Card id={id} title={title} className="scroll-mt-28">
      <dl className="grid gap-x-8 gap-y-3 text-[13px] lg:grid-cols-2">
        {words.map(([word, meaning]) => (
          <div key={word}>
            <dt className="font-medium">{word}</dt>
            <dd className="mt-0.5 text-ink-muted">{meaning}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
