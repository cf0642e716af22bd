import { CircleAlert } from "lucide-react";
import type { Problem } from "./problems";

/** What is wrong, where it stands. Says nothing when nothing is. */
export function ProblemList({ problems, onGo }: { problems: readonly Problem[]; onGo?: (problem: Problem) => void }) {
  if (problems.length === 0) return null;
  return (
    <ul aria-label="Problems" className="flex flex-col gap-1 text-[13px]">
      {problems.map((problem, i) => (
        <li key={i} className="flex items-start gap-2">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0 text-critical" />
          {onGo ? (
            <button type="button" className="min-w-0 rounded text-left break-words hover:underline" onClick={() => onGo(problem)}>
              <Words problem={problem} />
            </button>
          ) : (
            <span className="min-w-0 break-words">
              <Words problem={problem} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Words({ problem: { file, line, message } }: { problem: Problem }) {
  return (
    <>
      <span className="text-critical">{message}</span>
      <span className="ml-1.5 text-xs whitespace-nowrap text-ink-muted">
        {file.split("/").at(-1)}
        {line > 0 && `, line ${line}`}
      </span>
    </>
  );
}
