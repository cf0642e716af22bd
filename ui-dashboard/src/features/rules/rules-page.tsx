"use client";

import { Plus, Radar } from "lucide-react";
import { parseAsBoolean, parseAsString, useQueryStates } from "nuqs";
import { plural } from "@/format/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { RuleEditor } from "./rule-editor";
import { RuleTable } from "./rule-table";
import { useRules } from "./use-rules";

/** The page's state, all of it in the URL. */
const PARAMS = { rule: parseAsString, create: parseAsBoolean.withDefault(false), deleted: parseAsBoolean.withDefault(false) };

/** What is looked for in the telemetry, and the workshop for it. */
export function RulesPage() {
  const [{ rule, create, deleted }, set] = useQueryStates(PARAMS);
  const { data, isPending, isError, error, refetch } = useRules();
  const rules = (data?.rules ?? []).filter((one) => deleted || !one.deleted);
  const chosen = data?.rules.find(({ definition }) => definition?.name === rule);
  const editing = create || rule !== null;
  const close = () => void set({ rule: null, create: null }, { history: "push" });
  return (
    <div className={cx("grid items-start gap-4", editing && "xl:grid-cols-[minmax(0,1fr)_minmax(28rem,36rem)]")} aria-busy={isPending}>
      <h1 className="sr-only">Detection</h1>
      <Card
        flush
        title="Detection rules"
        hint={data && plural(rules.length, "rule")}
        className={editing ? "max-xl:order-2" : undefined}
        actions={
          <>
            <Button size="sm" aria-pressed={deleted} onClick={() => void set({ deleted: !deleted })}>
              {deleted ? "Hide deleted" : "Show deleted"}
            </Button>
            <Button size="sm" tone="primary" onClick={() => void set({ create: true, rule: null }, { history: "push" })}>
              <Plus aria-hidden className="size-3.5" />
              New rule
            </Button>
          </>
        }
      >
        {isPending && <SkeletonRows rows={8} label="Loading rules" />}
        {isError && <ErrorState error={error} what="The rules could not be loaded." onRetry={() => void refetch()} />}
        {data && rules.length === 0 && (
          <EmptyState icon={Radar} title="There are no rules">
            Nothing is detected until there is one.
          </EmptyState>
        )}
        {rules.length > 0 && <RuleTable rules={rules} chosen={rule} onChoose={(name) => void set({ rule: name, create: null }, { history: "push" })} />}
      </Card>
      {create && <RuleEditor key="new" latest={undefined} onClose={close} onSaved={(name) => void set({ rule: name, create: null })} />}
      {!create && chosen && <RuleEditor key={rule} latest={chosen} onClose={close} onSaved={() => undefined} />}
      {!create && rule !== null && data && !chosen && (
        <Card title="Rule">
          <EmptyState icon={Radar} title="There is no such rule">
            There never was one of the name {rule}.
          </EmptyState>
        </Card>
      )}
    </div>
  );
}
