"use client";

import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useOperator } from "@/features/operator/operator-provider";
import type { Rule, RuleDefinition } from "@/gen/ops/v1/rule_pb";
import { RuleService } from "@/gen/ops/v1/rule_service_pb";
import { idempotencyKey } from "@/rpc/idempotency-key";
import { errorSentence, isConflict } from "@/rpc/transport";

/** Others change rules, too, and no message tells. */
const LOOK_AGAIN_MS = 5_000;

export function useRules() {
  return useQuery(RuleService.method.list, { includeDeleted: true }, { refetchInterval: LOOK_AGAIN_MS });
}

interface Saved {
  readonly definition: RuleDefinition;
  /** The one that was looked at; none for a new rule. */
  readonly base: Rule | undefined;
  readonly reason: string;
}

/** Changes rules in the operator's name, exactly those that were looked at. */
export function useRuleChanges() {
  const client = createClient(RuleService, useTransport());
  const operator = useOperator();
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RuleService.method.list, cardinality: undefined }) });
  const failed = (cause: unknown) => {
    toast.error(isConflict(cause) ? "Somebody else changed it first" : "The rule was not changed.", { description: errorSentence(cause) });
    void changed();
  };
  const signed = async (request: { readonly expectedVersion: bigint; readonly reason: string }) => {
    const name = await operator.identify();
    return name === undefined ? undefined : { ...request, operator: name };
  };

  const save = useMutation({
    mutationFn: async ({ definition, base, reason }: Saved) => {
      const request = await signed({ expectedVersion: base?.version ?? 0n, reason });
      if (!request) return undefined;
      const body = { ...request, rule: definition, idempotencyKey: idempotencyKey({ ...request, definition }) };
      return base ? client.update(body) : client.create(body);
    },
    onSuccess: (answer) => {
      if (answer) toast.success(`Saved: ${answer.rule?.definition?.name ?? "rule"}`, { description: "It is judged by within a moment." });
      return changed();
    },
    // A conflict is shown in the editor, where what was typed still stands.
    onError: (cause) => (isConflict(cause) ? void changed() : failed(cause)),
  });
  const setEnabled = useMutation({
    mutationFn: async ({ rule, enabled }: { rule: Rule; enabled: boolean }) => {
      const request = await signed({ expectedVersion: rule.version, reason: "" });
      const name = rule.definition?.name ?? "";
      return request && client.setEnabled({ ...request, name, enabled, idempotencyKey: idempotencyKey({ ...request, name, enabled }) });
    },
    onSuccess: (answer, { enabled }) => {
      const rule = answer?.rule;
      if (rule) {
        toast.success(`${enabled ? "Enabled" : "Disabled"}: ${rule.definition?.name ?? "rule"}`, {
          description: enabled ? undefined : "Its open incidents resolve.",
          action: { label: "Undo", onClick: () => setEnabled.mutate({ rule, enabled: !enabled }) },
        });
      }
      return changed();
    },
    onError: failed,
  });
  const remove = useMutation({
    mutationFn: async ({ rule, reason }: { rule: Rule; reason: string }) => {
      const request = await signed({ expectedVersion: rule.version, reason });
      const name = rule.definition?.name ?? "";
      return request && client.delete({ ...request, name, idempotencyKey: idempotencyKey({ ...request, name, deleted: true }) });
    },
    onSuccess: (answer) => {
      if (answer) toast.success(`Deleted: ${answer.rule?.definition?.name ?? "rule"}`, { description: "Its open incidents resolve." });
      return changed();
    },
    onError: failed,
  });
  const restore = useMutation({
    mutationFn: async ({ rule }: { rule: Rule }) => {
      const request = await signed({ expectedVersion: rule.version, reason: "" });
      const name = rule.definition?.name ?? "";
      return request && client.restore({ ...request, name, idempotencyKey: idempotencyKey({ ...request, name, restored: true }) });
    },
    onSuccess: (answer) => {
      if (answer) toast.success(`As the release has it: ${answer.rule?.definition?.name ?? "rule"}`);
      return changed();
    },
    onError: failed,
  });
  return { save, setEnabled, remove, restore };
}
