import { formatCount, formatNumber, formatPercent, formatWholeDuration, plural, quantity } from "@/format/format";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { extraWords, intervalWords, pointsWords, type Standing } from "./benchmark";
import { ScoreCell } from "./score-cell";

const COLUMNS = [
  { key: "agent", label: "Agent" },
  { key: "score", label: "Score of 100", numeric: true },
  { key: "interval", label: "95 % interval", numeric: true },
  { key: "restraint", label: "Restraint", numeric: true },
  { key: "mitigated", label: "Mitigated", numeric: true },
  { key: "after", label: "After, median", numeric: true },
  { key: "slo", label: "SLO minutes", numeric: true },
  { key: "harm", label: "Harm", numeric: true },
  { key: "worse", label: "Worse than nobody", numeric: true },
  { key: "cost", label: "Cost", numeric: true },
  { key: "actions", label: "Actions", numeric: true },
] as const;

const NAMES: Readonly<Record<string, string>> = { rules: "rules (the agent that ships)", oracle: "oracle (the best in hindsight)", none: "none (nobody acts)" };

/** Agents by score, over every scenario. */
export function AgentTable({ agents }: { agents: readonly Standing[] }) {
  const sorted = agents.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const seeds = agents.map((agent) => agent.seeds);
  const most = Math.max(0, ...seeds);
  const fewest = Math.min(most, ...seeds);
  const played = fewest === most ? `${plural(most, "seed")} a scenario${most === 1 ? ", so no intervals" : ""}` : `${fewest} to ${plural(most, "seed")} a scenario`;
  return (
    <Card flush title="Agents" hint={`the whole catalogue, ${played}; model version ${agents[0]?.model_version ?? "unknown"}`}>
      <Table label="Agents by score" columns={COLUMNS}>
        {sorted.map((one) => (
          <tr key={`${one.suite} ${one.agent}`} data-testid={`agent-${one.agent}`}>
            <HeadCell>{NAMES[one.agent] ?? one.agent}</HeadCell>
            <ScoreCell score={one.score} words={pointsWords(one.score)} />
            <Cell numeric className="text-xs text-ink-muted">
              {intervalWords(one.low, one.high)}
            </Cell>
            <Cell numeric>{one.restraint === null ? "–" : formatPercent(one.restraint * 100)}</Cell>
            <Cell numeric>{one.mitigated_pct === null ? "–" : formatPercent(one.mitigated_pct)}</Cell>
            <Cell numeric>{one.mitigate_s === null ? "never" : formatWholeDuration(one.mitigate_s)}</Cell>
            <Cell numeric>
              <Quantity of={quantity(one.slo_minutes, "min")} />
            </Cell>
            <Cell numeric>{formatPercent(one.harm_pct)}</Cell>
            <Cell numeric>{formatCount(one.worse_than_nothing)} times</Cell>
            <Cell numeric>{extraWords(one.extra_cost_pct)}</Cell>
            <Cell numeric>{formatNumber(one.actions)}</Cell>
          </tr>
        ))}
      </Table>
      <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">Of those that restart, scale, shed or silence everything it is checked that they score next to nothing: the score cannot be gamed.</p>
    </Card>
  );
}
