"use client";

import { SeverityBadge } from "@/features/incidents/severity";
import { type Rule, RuleOrigin } from "@/gen/ops/v1/rule_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { Cell, HeadCell, Table } from "@/ui/table";
import { changeWords, isRestorable, ruleWords, watchedWords } from "./rule-words";
import { useRuleChanges } from "./use-rules";

const COLUMNS = [
  { key: "name", label: "Rule" },
  { key: "severity", label: "Severity" },
  { key: "state", label: "State" },
  { key: "says", label: "Fires when" },
  { key: "watches", label: "Watches" },
  { key: "family", label: "Family" },
  { key: "labels", label: "Labels" },
  { key: "version", label: "Version", numeric: true },
  { key: "changed", label: "Last change" },
  { key: "do", label: "Change", numeric: true },
] as const;

interface RuleTableProps {
  readonly rules: readonly Rule[];
  readonly chosen: string | null;
  readonly onChoose: (name: string) => void;
}

export function RuleTable({ rules, chosen, onChoose }: RuleTableProps) {
  return (
    <Table label="Detection rules" columns={COLUMNS}>
      {rules.map((rule) => (
        <Line key={rule.definition?.name} rule={rule} chosen={rule.definition?.name === chosen} onChoose={onChoose} />
      ))}
    </Table>
  );
}

function Line({ rule, chosen, onChoose }: { rule: Rule; chosen: boolean; onChoose: (name: string) => void }) {
  const { definition, version, disabled, deleted, origin } = rule;
  const { setEnabled, restore } = useRuleChanges();
  if (!definition) return null;
  const { name, severity, family, labels } = definition;
  return (
    <tr data-testid={`rule-${name}`} className={cx((disabled || deleted) && "text-ink-muted", chosen && "bg-raised")}>
      <HeadCell className={chosen ? "!bg-raised" : undefined}>
        <button type="button" aria-pressed={chosen} onClick={() => onChoose(name)} className="min-h-7 rounded hover:underline">
          {name}
        </button>
        {origin === RuleOrigin.BUILT_IN && <span className="ml-2 text-xs font-normal text-ink-muted">built in</span>}
      </HeadCell>
      <Cell>
        <SeverityBadge severity={severity} quiet={disabled || deleted} />
      </Cell>
      <Cell>{deleted ? <Badge tone="neutral">deleted</Badge> : disabled ? <Badge tone="neutral">disabled</Badge> : <Badge tone="ok">enabled</Badge>}</Cell>
      <Cell className="min-w-64 py-2 text-xs !whitespace-normal">{ruleWords(definition)}</Cell>
      <Cell className="max-w-48 truncate text-xs">{watchedWords(definition)}</Cell>
      <Cell className="text-xs">{family || name}</Cell>
      <Cell className="max-w-48 truncate text-xs">{Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(", ") || "none"}</Cell>
      <Cell numeric>{version.toString()}</Cell>
      <Cell className="max-w-64 truncate text-xs text-ink-muted">{changeWords(rule)}</Cell>
      <Cell numeric>
        <span className="inline-flex gap-1.5">
          {isRestorable(rule) && (
            <Button size="sm" busy={restore.isPending} onClick={() => restore.mutate({ rule })} aria-label={`Restore ${name}`} title="Back to what the release says">
              Restore
            </Button>
          )}
          {!deleted && (
            <Button size="sm" busy={setEnabled.isPending} onClick={() => setEnabled.mutate({ rule, enabled: disabled })} aria-label={`${disabled ? "Enable" : "Disable"} ${name}`}>
              {disabled ? "Enable" : "Disable"}
            </Button>
          )}
        </span>
      </Cell>
    </tr>
  );
}
